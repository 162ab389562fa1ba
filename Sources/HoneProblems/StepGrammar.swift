/// A worked solution taken apart: its equations in order, and what follows `####`.
public struct WorkedSolution: Hashable, Sendable {
    /// One line each: an equation `expression=value`, or text that should have been one.
    public let steps: [String]
    /// The final answer, trimmed; nil where no line starts with `####`.
    public let answer: String?
}

/// The form of a worked solution: one equation on each line, then `#### answer`.
///
/// Completions in the manner of GSM8K, prose with the calculator's annotations `<<48/2=24>>`, are read as well:
/// on a line that holds annotations, those are the steps.
public enum StepGrammar {
    public static let answerMark = "####"

    /// The completion that a model learns for a problem.
    public static func completion(steps: [String], answer: String) -> String {
        (steps + ["\(answerMark) \(answer)"]).joined(separator: "\n")
    }

    /// What `completion` says; text after the first answer line is not read.
    public static func parse(_ completion: String) -> WorkedSolution {
        var steps: [String] = []
        for line in completion.split(whereSeparator: \.isNewline) {
            let text = line.trimmingSpaces()
            if text.hasPrefix(answerMark) {
                let answer = text.dropFirst(answerMark.count).trimmingSpaces()
                return WorkedSolution(steps: steps, answer: String(answer))
            }
            guard !text.isEmpty else { continue }
            let annotations = annotations(in: text)
            steps += annotations.isEmpty ? [String(text)] : annotations
        }
        return WorkedSolution(steps: steps, answer: nil)
    }

    /// The equations between `<<` and `>>`, in order.
    public static func annotations(in text: some StringProtocol) -> [String] {
        var found: [String] = []
        var rest = Substring(text)
        while let opening = rest.range(ofMarker: "<<") {
            rest = rest[opening.upperBound...]
            guard let closing = rest.range(ofMarker: ">>") else { break }
            found.append(String(rest[..<closing.lowerBound].trimmingSpaces()))
            rest = rest[closing.upperBound...]
        }
        return found
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        let tail = drop(while: \.isWhitespace)
        guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return tail[...last]
    }

    /// The first place of a marker of two equal characters.
    fileprivate func range(ofMarker marker: String) -> Range<Index>? {
        var start = startIndex
        while let found = self[start...].firstIndex(where: { $0 == marker.first }) {
            if self[found...].hasPrefix(marker) { return found..<index(found, offsetBy: marker.count) }
            start = index(after: found)
        }
        return nil
    }
}
