/// The form of a cron expression: minute, hour, day, month and weekday. What it names is computed by the database,
/// whose clock counts; this finds a fault where there is no database.
struct CronExpression {
    private static let fields: [(name: String, range: ClosedRange<Int>)] = [
        ("minute", 0...59), ("hour", 0...23), ("day", 1...31), ("month", 1...12), ("weekday", 0...7),
    ]

    /// What is wrong with a text; nil for a cron expression.
    static func fault(of text: String) -> String? {
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == fields.count else {
            return "'\(text)' has \(parts.count) fields; a cron expression has \(fields.count): "
                + fields.map(\.name).joined(separator: ", ")
        }
        for (part, field) in zip(parts, fields) {
            for element in part.split(separator: ",", omittingEmptySubsequences: false)
            where !isValid(element, in: field.range) {
                return "'\(element)' is no \(field.name); write *, a number from \(field.range.lowerBound) to "
                    + "\(field.range.upperBound), 1-5 or */15"
            }
        }
        return nil
    }

    private static func isValid(_ element: Substring, in range: ClosedRange<Int>) -> Bool {
        guard let match = element.wholeMatch(of: /(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:\/([0-9]{1,2}))?/) else {
            return false
        }
        let first = match.1.flatMap { Int($0) } ?? range.lowerBound
        let last = match.2.flatMap { Int($0) } ?? first
        let step = match.3.flatMap { Int($0) } ?? 1
        return range.contains(first) && range.contains(last) && first <= last && step > 0
    }
}
