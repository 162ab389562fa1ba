import HoneProblems

/// Text in lower case with single spaces between words and signs, and a capital letter in the place of each number.
struct SlottedText {
    let text: String
    /// In the order of the letters.
    let numbers: [Rational]

    /// Numbers beyond the letters stay as they are.
    init(_ prompt: String) {
        let places = NumbersInText.places(in: prompt).prefix(EquationTemplate.letters.count)
        var slotted = ReadableText()
        var end = prompt.startIndex
        for (place, letter) in zip(places, EquationTemplate.letters) {
            slotted.append(prompt[end..<place.range.lowerBound])
            slotted.append(letter: letter)
            end = place.range.upperBound
        }
        slotted.append(prompt[end...])
        text = slotted.trimmed
        numbers = places.map(\.value)
    }
}

/// Text with one space between words and signs, however it was typed.
private struct ReadableText {
    private var text = ""

    /// "Mrs. Hilt" ends no sentence.
    var trimmed: String {
        let text = self.text.last == " " ? String(self.text.dropLast()) : self.text
        return ["mr", "mrs", "ms", "dr"].reduce(text) { text, title in
            text.hasPrefix("\(title) . ") || text.contains(" \(title) . ")
                ? text.replacing("\(title) . ", with: "\(title) ") : text
        }
    }

    mutating func append(_ piece: Substring) {
        for scalar in piece.unicodeScalars {
            switch scalar {
            case "'", "\u{2019}": text += "'"
            case _ where scalar.properties.isWhitespace: appendSpace()
            case _ where scalar.properties.isAlphabetic || ("0"..."9").contains(scalar):
                joinApostrophe()
                text += scalar.properties.lowercaseMapping
            default:
                appendSpace()
                text.unicodeScalars.append(scalar)
                text += " "
            }
        }
    }

    mutating func append(letter: Character) {
        appendSpace()
        text.append(letter)
        text += " "
    }

    private mutating func appendSpace() {
        if let last = text.last, last != " " { text += " " }
    }

    /// Published files part words from what follows: "john ' s".
    private mutating func joinApostrophe() {
        if text.hasSuffix(" ' ") { text = text.dropLast(3) + "'" }
    }
}
