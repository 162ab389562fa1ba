/// A regular expression as it was read, before anything matches by it.
package indirect enum PatternSyntax: Hashable, Sendable {
    /// One scalar of the set.
    case set(ScalarSet)
    case sequence([PatternSyntax])
    case alternatives([PatternSyntax])
    case repeated(PatternSyntax, Repetition)
    /// Whether what follows matches, without taking it.
    case look(PatternSyntax, isNegative: Bool, place: Int)
    /// `^` and `$`.
    case start(place: Int)
    case end(place: Int)

    package struct Repetition: Hashable, Sendable {
        package var minimum: Int
        /// `Int.max` where there is none.
        package var maximum: Int
        package var kind = Kind.greedy
        /// Where the repeated expression begins.
        package var place: Int

        package enum Kind: Sendable {
            case greedy, lazy, possessive
        }
    }

    /// What of a pattern is not followed.
    package struct Fault: Error, Hashable, CustomStringConvertible {
        package let description: String

        package init(_ construct: String, place: Int) {
            description = "\(construct) at character \(place + 1) of the pattern"
        }

        package init(description: String) { self.description = description }
    }
}
