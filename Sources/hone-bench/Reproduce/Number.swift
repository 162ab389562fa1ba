import Foundation

/// How the page writes numbers: three digits that count, and whole numbers whole.
enum Number {
    static func text(_ value: Double) -> String {
        let digits = value.magnitude >= 100 ? 0 : value.magnitude >= 1 ? 2 : 3
        let text = String(format: "%.\(digits)f", value)
        guard text.contains(".") else { return text }
        let trimmed = text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()
        return String(trimmed)
    }
}
