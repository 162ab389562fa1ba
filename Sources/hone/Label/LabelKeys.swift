import HoneFeedback

/// What the keys mean: one table, so that no two things share a key.
enum LabelKeys {
    enum Action: Hashable {
        case choose(Judgement.Choice)
        case strength(Int)
        case rateStep(Int?)
        case stepBack
        case rate(Int)
        case write
        case undo
        case keep
        case skip
        case help
        case quit
    }

    static func action(_ key: Keyboard.Key, kind: LabelKind) -> Action? {
        common[key] ?? byKind[kind]?[key]
    }

    private static let common: [Keyboard.Key: Action] = [
        .character("u"): .undo, .character("s"): .skip, .character("q"): .quit, .character("?"): .help,
        .character("k"): .keep,
    ]

    private static let byKind: [LabelKind: [Keyboard.Key: Action]] = [
        .preference: [
            .left: .choose(.left), .character("a"): .choose(.left), .right: .choose(.right),
            .character("d"): .choose(.right), .down: .choose(.tie), .character("t"): .choose(.tie),
            .character("x"): .choose(.neither), .character("1"): .strength(1), .character("2"): .strength(2),
            .character("3"): .strength(3), .character("4"): .strength(4),
        ],
        .steps: [
            .character("+"): .rateStep(1), .character("1"): .rateStep(1), .character("0"): .rateStep(0),
            .character("-"): .rateStep(-1), .character("n"): .rateStep(nil), .backspace: .stepBack,
        ],
        .rating: Dictionary(uniqueKeysWithValues: (1...5).map { (.character(Character("\($0)")), .rate($0)) }),
        .correction: [.character("c"): .write, .enter: .write],
    ]

    static let help = """
        KEYS
          preference   ← or a left is better   → or d right   ↓ or t as good   x both bad   1 to 4 first: how much
          steps        + or 1 right   0 neutral   - wrong, which ends it   n not sure   backspace one step back
          rating       1 to 5
          correction   c or enter: write the lines, the last one '#### answer'
          always       u undo the last one   k keep what was undone   s skip with a reason   q leave   ? these keys
        """

    /// The keys of a kind, on one line.
    static func line(_ kind: LabelKind) -> String {
        switch kind {
        case .preference: "← left  → right  ↓ tie  x both bad  1-4 how much  u undo  s skip  q leave  ? help"
        case .steps: "+ right  0 neutral  - wrong  n not sure  ⌫ back  u undo  s skip  q leave  ? help"
        case .rating: "1-5  u undo  s skip  q leave  ? help"
        case .correction: "c write  u undo  s skip  q leave  ? help"
        }
    }
}
