/// How a problem is laid out for a model that Hone trained: the prompt on lines of its own, then one step per line and
/// `#### answer`. Training and answering must lay it out alike.
enum ReasoningLayout {
    static func prompt(_ text: String) -> String { text + "\n" }
}
