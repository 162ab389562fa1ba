import HoneProblems

extension String {
    /// One line, single spaces, none before punctuation; the words stay as they are.
    var normalizedPrompt: String {
        var result = ""
        for word in unicodeScalars.split(whereSeparator: \.isSpace) {
            let isPunctuation = word.count == 1 && ",.?!;:".unicodeScalars.contains(word[word.startIndex])
            if !result.isEmpty, !isPunctuation { result += " " }
            result += Substring(word)
        }
        return result
    }

    var isBlank: Bool { allSatisfy(\.isWhitespace) }

    /// A story and the question about it as one text; a comma parts them where the story has no stop of its own.
    static func prompt(story: String, question: String) -> String {
        let story = story.normalizedPrompt
        let needsComma = story.last.map { !",.?!;:".contains($0) } ?? false
        return (story + (needsComma ? ", " : " ") + question).normalizedPrompt
    }
}

extension Unicode.Scalar {
    /// The tables are asked only for what is not ASCII.
    fileprivate var isSpace: Bool { isASCII ? value <= 0x20 : properties.isWhitespace }
}

extension Rational {
    /// Reads a number as published: "1,000", "$51.0", "-3", "1/2"; nil for anything else.
    init?(publishedNumber text: String) {
        guard !text.contains(where: \.isLetter) else { return nil }
        do {
            let answer = try AnswerText(text)
            guard !answer.isPercentage else { return nil }
            self = answer.value
        } catch {
            return nil
        }
    }
}

/// A published answer in the form in which answers are compared: plain decimals where it is a number.
func normalizedAnswer(_ text: String) -> String {
    Rational(publishedNumber: text)?.decimalText ?? text.normalizedPrompt
}
