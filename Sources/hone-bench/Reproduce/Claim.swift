/// Something that the design claims, and the suite that measures it on the reader's machine.
struct Claim: Sendable {
    /// A number that a suite prints, and what it has to be.
    struct Reading: Sendable {
        /// The row's name in the suite's report.
        let row: String
        let bar: Bar
        /// The row of the control, measured in the same run with the same seeds; nil where the bar is one by itself.
        var control: String?
        /// Whether every seed has to reach the bar, not only their median.
        var isForEverySeed = false
        /// Whether the claim is measured, and may hold, where the reader lacks what the control needs.
        var isOptional = false

        /// Who is measured beside the row, where the control is the same work done by others.
        var peer: String? {
            guard let control, control.hasPrefix(row + ", ") else { return nil }
            return String(control.dropFirst(row.count + 2))
        }
    }

    /// For `--only`, and for the names of the record and the picture.
    let name: String
    /// What is claimed, in one sentence.
    let statement: String
    /// Arguments of `hone-bench`, in which a ``Blank`` may stand.
    let arguments: [String]
    let readings: [Reading]
    /// What is known about why it may not hold.
    let limits: String
}

extension Claim {
    /// A place in a suite's arguments that the reader's options fill.
    enum Blank: String, CaseIterable, Sendable {
        case seeds = "%SEEDS%"
        /// The folder that keeps supervised models.
        case keep = "%KEEP%"
        case python = "%PYTHON%"
        case trainFile = "%TRAIN%"
        case testFile = "%TEST%"

        /// What a reader has to give where the blank is empty.
        var need: String {
            switch self {
            case .seeds: "--seeds"
            case .keep: "--keep"
            case .python: "--python, a Python that has torch and transformers"
            case .trainFile: "--word-train, the published training file"
            case .testFile: "--word-test, the published test file"
            }
        }
    }

    var blanks: [Blank] { Blank.allCases.filter { arguments.contains($0.rawValue) } }
}

extension Claim.Reading {
    enum Bar: Sendable {
        case atLeast(Double)
        case above(Double)
        case atMost(Double)
        case within(ClosedRange<Double>)
        case timesControlAtLeast(Double)
        case timesControlAtMost(Double)

        var text: String {
            switch self {
            case .atLeast(let value): "at least \(Number.text(value))"
            case .above(let value): "above \(Number.text(value))"
            case .atMost(let value): "at most \(Number.text(value))"
            case .within(let range): "\(Number.text(range.lowerBound)) to \(Number.text(range.upperBound))"
            case .timesControlAtLeast(let value): "at least \(Number.text(value)) times the control"
            case .timesControlAtMost(let value): "at most \(Number.text(value)) times the control"
            }
        }

        /// Whether a number is as claimed; without a control no bar in multiples of it is reached.
        func isReached(by value: Double, control: Double?) -> Bool {
            switch self {
            case .atLeast(let bar): value >= bar
            case .above(let bar): value > bar
            case .atMost(let bar): value <= bar
            case .within(let range): range.contains(value)
            case .timesControlAtLeast(let bar): control.map { value >= bar * $0 } ?? false
            case .timesControlAtMost(let bar): control.map { value <= bar * $0 } ?? false
            }
        }

        var isInTimesOfControl: Bool {
            switch self {
            case .timesControlAtLeast, .timesControlAtMost: true
            case .atLeast, .above, .atMost, .within: false
            }
        }
    }
}
