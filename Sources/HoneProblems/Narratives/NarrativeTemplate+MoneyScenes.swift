extension NarrativeTemplate {
    /// Prices, payments and pay.
    static let moneyScenes = scenes(
        """
        : {P} had [$ <1>|<1> dollars]
        : {he} [spent|paid] [$ <2>|<2> dollars] [on|for] {T} and [$ <3>|<3> dollars] [on|for] {U}
        ? + 2 3 | how much [money|] did {P} spend [in all|altogether|]?
        ? - - 1 2 3 | how much money does {he} have left?
        ? - 2 3 | how much more did {P} spend on {T} than on {U}?
        ? - 3 2 | how much more did {he} spend on {U} than on {T}?

        : a {t} costs [$ <1>|<1> dollars] and a {u} costs [$ <2>|<2> dollars]
        : {P} has [$ <3>|<3> dollars]
        ? - 1 2 | how much more does [a|the] {t} cost than [a|the] {u}?
        ? - 2 1 | how much more does [a|the] {u} cost than [a|the] {t}?
        ? + 1 2 | how much do [both|a {t} and a {u}] cost [together|]?
        ? - 3 1 | {he} buys a {t}. how much money does {he} have left?
        ? - 3 2 | {he} buys a {u}. how much money does {he} have left?
        ? - 1 3 | how much more money does {he} need [for a {t}|to buy a {t}]?
        ? / 3 1 | how many {T} can {he} buy?
        ? / 3 2 | how many {U} can {he} buy?
        ? * 4 1 | how much do <4> {T} cost?
        ? * 4 2 | how much do <4> {U} cost?

        : {P} had some money
        ? + 1 2 | {he} [spent|paid] [$ <1>|<1> dollars] [for {T}|on {T}|] and has [$ <2>|<2> dollars] left. how much \
        [money|] did {he} have [at first|before|to start with|in the beginning]?
        ? - 2 1 | {he} [got|earned|was given] [$ <1>|<1> dollars] [for {T}|] and now has [$ <2>|<2> dollars]. how \
        much [money|] did {he} have [at first|before|to start with|in the beginning]?
        ? + 1 2 | {he} bought a {t} for [$ <1>|<1> dollars] and a {u}. {he} spent [$ <2>|<2> dollars] more on the \
        {u} than on the {t}. how much did the {u} cost?

        : {P} had [$ <1>|<1> dollars] and now has [$ <2>|<2> dollars] [left|]
        ? - 1 2 | {he} bought [a {t}|<3> {T}]. how much did {he} spend?
        ? / - 1 2 3 | {he} bought <3> {T}. how much did each {t} cost?

        : the price of [each|a] {t} was [$ <1>|<1> dollars]
        ? - 1 2 | there [is|was] a discount of [$ <2>|<2> dollars] on each. how much [do you|does {P}] have to pay \
        for each {t}?
        ? - 1 2 | after a discount it is [$ <2>|<2> dollars]. how much is the discount?
        ? * 1 2 | {P} bought <2> {T}. how much did {he} pay?
        ? * - 1 2 3 | there is a discount of [$ <2>|<2> dollars] on each. how much do you have to pay for <3> {T}?
        ? + 1 2 | it is now [$ <2>|<2> dollars] more. how much does a {t} cost now?

        : {P} earns [$ <1>|<1> dollars] [a|each|per|every] [day|hour|week|{t}] and {Q} earns [$ <2>|<2> dollars]
        ? * 1 3 | how much does {P} earn [in <3> [days|hours|weeks]|for <3> {T}]?
        ? * 2 3 | how much does {Q} earn [in <3> [days|hours|weeks]|for <3> {T}]?
        ? - 1 2 | how much more does {P} earn than {Q} [a|each|per|every] [day|hour|week]?
        ? / 3 1 | how many [days|hours|weeks] does {P} need to earn [$ <3>|<3> dollars]?

        : {P} bought <1> {T} for [$ <2>|<2> dollars] each and <3> {U} for [$ <4>|<4> dollars] each
        ? * 1 2 | how much did {he} spend on {T}?
        ? * 3 4 | how much did {he} spend on {U}?
        ? + 1 3 | how many {N} did {he} buy?
        ? - 1 3 | how many more {T} than {U} did {he} buy?
        ? - 2 4 | how much more does a {t} cost than a {u}?
        ? - 4 2 | how much more does a {u} cost than a {t}?

        : {P} paid [$ <1>|<1> dollars] for <2> {T} and [$ <3>|<3> dollars] for <4> {U}
        ? / 1 2 | how much did each {t} cost?
        ? / 3 4 | how much did each {u} cost?
        ? + 1 3 | how much did {he} pay [in all|]?
        ? + 2 4 | how many {N} did {he} buy?

        : {P} sold [tickets|{T}] for [$ <1>|<1> dollars] each
        ? * 1 2 | {X} {he} sold <2>. how much [money|] did {he} [get|earn|make] {X}?
        ? * 1 + 2 3 | {X} {he} sold <2> and {Y} <3>. how much [money|] did {he} [get|earn|make] [in all|]?
        ? * 1 2 | {X} {he} sold <2> and {Y} <3>. how much [money|] did {he} [get|earn|make] {X}?
        ? * 1 3 | {X} {he} sold <2> and {Y} <3>. how much [money|] did {he} [get|earn|make] {Y}?
        ? / 2 1 | {he} [got|earned|made] [$ <2>|<2> dollars]. how many did {he} sell?
        """)
}
