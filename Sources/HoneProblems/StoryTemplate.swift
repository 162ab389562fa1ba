/// One kind of story: its wordings, the ranges of its numbers and the calculation that answers it.
///
/// In a wording, `0` to `9` stand for the numbers, `@` and `&` for two people, and `#` for things.
struct StoryTemplate: Sendable {
    let name: String
    let ranges: [ClosedRange<Int>]
    let formula: @Sendable ([Expression]) -> Expression
    let wordings: [String]

    static let all = changes + groups + comparisons + purchases

    private static let changes = [
        StoryTemplate(
            name: "buy and give", ranges: [5...99, 5...99, 2...99], formula: { $0[0] + $0[1] - $0[2] },
            wordings: [
                "@ has 0 #, buys 1 and gives 2 to &. How many # does @ have?",
                "@ had 0 #. Then @ got 1 and lost 2. How many # are left?",
            ]),
        StoryTemplate(
            name: "give and find", ranges: [5...99, 2...99, 2...99], formula: { $0[0] - $0[1] + $0[2] },
            wordings: [
                "@ had 0 #, gave 1 to & and found 2. How many # does @ have now?",
                "Of 0 #, @ sold 1. Then @ made 2. How many # are there now?",
            ]),
        StoryTemplate(
            name: "two losses", ranges: [20...99, 2...50, 2...50], formula: { $0[0] - $0[1] - $0[2] },
            wordings: [
                "@ has 0 #. & takes 1 and Rex takes 2. How many # are left?",
                "@ had 0 #, lost 1 and sold 2. How many # does @ still have?",
            ]),
    ]

    private static let groups = [
        StoryTemplate(
            name: "bags and loose", ranges: [2...9, 2...40, 2...60], formula: { $0[0] * $0[1] + $0[2] },
            wordings: [
                "@ has 0 bags of 1 # and 2 loose #. How many # in all?",
                "There are 0 rows of 1 # and 2 more #. How many # are there?",
            ]),
        StoryTemplate(
            name: "boxes and broken", ranges: [2...9, 2...40, 1...99], formula: { $0[0] * $0[1] - $0[2] },
            wordings: [
                "@ buys 0 boxes of 1 #. 2 are broken. How many # are whole?",
                "@ has 0 bags of 1 # and gives 2 # to &. How many # are left?",
            ]),
        StoryTemplate(
            name: "share and add", ranges: [4...360, 2...9, 2...60], formula: { $0[0] / $0[1] + $0[2] },
            wordings: [
                "0 # are shared by 1 friends. One, &, had 2 before. How many # does & have now?",
                "@ packs 0 # in 1 equal boxes and puts 2 more in the first. How many # are in it?",
            ]),
        StoryTemplate(
            name: "join and pack", ranges: [2...99, 2...99, 2...9], formula: { ($0[0] + $0[1]) / $0[2] },
            wordings: [
                "@ has 0 # and & has 1. They pack them in bags of 2. How many bags?",
                "@ has 0 # and finds 1 more, then shares all among 2 friends. How many # does each get?",
            ]),
        StoryTemplate(
            name: "remove and pack", ranges: [10...199, 2...60, 2...9], formula: { ($0[0] - $0[1]) / $0[2] },
            wordings: [
                "@ has 0 #, eats 1 and packs the rest in bags of 2. How many bags?",
                "Of 0 #, 1 are sold. The rest fill 2 equal boxes. How many # are in a box?",
            ]),
    ]

    private static let comparisons = [
        StoryTemplate(
            name: "more and together", ranges: [2...80, 2...60], formula: { $0[0] + ($0[0] + $0[1]) },
            wordings: [
                "@ has 0 #. & has 1 more. How many # do they have together?",
                "@ has 0 #, which is 1 fewer than &. How many # do both have?",
            ]),
        StoryTemplate(
            name: "fewer and together", ranges: [20...99, 1...19], formula: { $0[0] + ($0[0] - $0[1]) },
            wordings: [
                "@ has 0 #. & has 1 fewer. How many # do they have together?",
                "@ has 0 #, which is 1 more than &. How many # do both have?",
            ]),
        StoryTemplate(
            name: "times and together", ranges: [2...60, 2...9], formula: { $0[0] + $0[0] * $0[1] },
            wordings: [
                "@ has 0 #. & has 1 times as many. How many # do they have together?",
                "& has 1 times as many # as @, who has 0. How many # do both have?",
            ]),
        StoryTemplate(
            name: "times and difference", ranges: [2...60, 3...9], formula: { $0[0] * $0[1] - $0[0] },
            wordings: [
                "@ has 0 #. & has 1 times as many. How many more # does & have?"
            ]),
    ]

    private static let purchases = [
        StoryTemplate(
            name: "two purchases", ranges: [2...9, 2...12, 2...9, 2...12],
            formula: { $0[0] * $0[1] + $0[2] * $0[3] },
            wordings: [
                "@ buys 0 # for 1 dollars each and 2 hats for 3 dollars each. How many dollars does @ pay?",
                "@ has 0 bags of 1 # and & has 2 bags of 3 #. How many # in all?",
            ]),
        StoryTemplate(
            name: "money left", ranges: [20...199, 2...9, 2...20], formula: { $0[0] - $0[1] * $0[2] },
            wordings: [
                "@ has 0 dollars and buys 1 # for 2 dollars each. How many dollars are left?",
                "@ has 0 #. @ fills 1 bags with 2 # each. How many # are left over?",
            ]),
        StoryTemplate(
            name: "days and goal", ranges: [10...99, 2...9, 2...9], formula: { ($0[0] - $0[1]) / $0[2] },
            wordings: [
                "A hat costs 0 dollars. @ has 1 and saves 2 a day. How many days until @ can buy it?"
            ]),
    ]
}

private func + (left: Expression, right: Expression) -> Expression { .binary(.add, left, right) }
private func - (left: Expression, right: Expression) -> Expression { .binary(.subtract, left, right) }
private func * (left: Expression, right: Expression) -> Expression { .binary(.multiply, left, right) }
private func / (left: Expression, right: Expression) -> Expression { .binary(.divide, left, right) }
