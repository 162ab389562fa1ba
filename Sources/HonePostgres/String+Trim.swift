extension String {
    /// Without white space at both ends; libpq ends its messages with a line feed.
    func trimmingWhitespace() -> String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}
