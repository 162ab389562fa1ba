/// Something that the design claims, and the suite that measures it on the reader's machine.
struct Claim: Sendable {
    /// A number that a suite prints, and what it has to be.
    struct Reading: Sendable {
        enum Bar: Sendable {
            case atLeast(Double)
            case atMost(Double)

            var text: String {
                switch self {
                case .atLeast(let value): "at least \(Claim.number(value))"
                case .atMost(let value): "at most \(Claim.number(value))"
                }
            }

            func holds(_ value: Double) -> Bool {
                switch self {
                case .atLeast(let bar): value >= bar
                case .atMost(let bar): value <= bar
                }
            }
        }

        /// The row's name in the suite's report.
        let row: String
        let bar: Bar
        /// The row of the control, measured in the same run; nil where the bar is one by itself.
        var control: String?
    }

    /// For `--only`, and for the names of pictures.
    let name: String
    /// What is claimed, in one sentence.
    let statement: String
    /// Arguments of `hone-bench`; `%SEEDS%` is the number of seeds and `%KEEP%` the folder of supervised models.
    let arguments: [String]
    /// Empty where the suite's exit status is the verdict.
    let readings: [Reading]
    /// What is known about why it may not hold.
    let limits: String

    static func number(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}

extension Claim {
    /// The claims that this version can measure.
    static let all: [Claim] = [
        Claim(
            name: "feedback",
            statement: "Reinforcement learning with a verifier gains 25 points on held-out problems in 3 minutes.",
            arguments: ["ppo-learning", "--seeds", "%SEEDS%", "--keep", "%KEEP%"],
            readings: [
                Reading(row: "gain", bar: .atLeast(25)), Reading(row: "time", bar: .atMost(180)),
                Reading(
                    row: "held-out accuracy after", bar: .atLeast(60), control: "held-out accuracy before"),
            ],
            limits: "The gain depends on the task: see docs/reinforcement.md for two on which it is small."),
        Claim(
            name: "collapse",
            statement: "A run that breaks down is stopped, and what is left has lost less than 5 points.",
            arguments: ["ppo-learning", "--seeds", "%SEEDS%", "--keep", "%KEEP%", "--drill"],
            readings: [Reading(row: "gain", bar: .atLeast(-5))],
            limits: "The prompts that are kept out are 200, which leaves some points to chance."),
        Claim(
            name: "gate",
            statement: "The gate finds a planted loss of 2 points and lets what is better pass.",
            arguments: ["gate", "--prompts", "8000"],
            readings: [
                Reading(row: "loss on a guard, 8000 prompts, churn 10 %", bar: .atLeast(99)),
                Reading(row: "no loss, 8000 prompts, churn 10 %", bar: .atMost(5)),
            ],
            limits: "With fewer prompts the interval is wider: see docs/gate.md."),
        Claim(
            name: "forgetting",
            statement:
                "Five tasks one after the other: no old one loses more than a point, and each new one is learnt.",
            arguments: ["continual", "--seeds", "%SEEDS%", "--methods", "plain", "--methods", "self-answers"],
            readings: [
                Reading(
                    row: "self-answers: largest loss of a suite", bar: .atMost(1),
                    control: "plain: largest loss of a suite"),
                Reading(row: "self-answers: lowest share of solo", bar: .atLeast(95)),
            ],
            limits: "The memory slows the task that is learnt last to the end: see docs/continual.md."),
        Claim(
            name: "rewards",
            statement: "A reward model learns what annotators mean though 15 % of their labels are wrong.",
            arguments: ["rlhf", "--seeds", "%SEEDS%", "--parts", "reward"],
            readings: [
                Reading(
                    row: "reward model: agrees with noisy labels", bar: .atLeast(82),
                    control: "the same: most that is possible"),
                Reading(row: "the same: calibration error", bar: .atMost(0.05)),
            ],
            limits: "Networks of this size hardly learn to check arithmetic: see docs/reward-models.md."),
        Claim(
            name: "survival",
            statement: "A training that is killed anywhere ends with the same bits; a damaged checkpoint never loads.",
            arguments: ["survival", "damage", "--cases", "10000"],
            readings: [],
            limits: "See docs/survival.md for killed workers, which hone-bench survival kills counts."),
    ]

    /// What the design asks for and this version cannot measure yet, and why.
    static let later: [(part: String, reason: String)] = [
        ("attention in two branches: 12 % better", "there is one kind of attention so far"),
        ("routing: 95 % of the accuracy, 30 % faster", "there is one path so far"),
        ("quantization: 25 % of the size, 2.3 times as fast", "weights are fp32 so far"),
        ("distribution: 80 times on 1,024 processors", "a training runs in one process so far"),
        (
            "curriculum: 40 % faster, 25 % less over-fitting",
            "`hone-bench curriculum` measures it with its controls; docs/curriculum.md has the result, which is null"
        ),
    ]
}
