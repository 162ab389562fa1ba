extension NarrativeTemplate {
    /// Prices, payments and times.
    static let purchases = table(
        """
        # money
        * 1 2 | {P} [bought|buys] <1> {T} for <2> dollars each. how much [money|] did {he} [spend|pay] [in all|]?
        * 1 2 | each {t} costs <1> dollars. how much do <2> {T} cost?
        * 2 1 | {P} [earns|makes|gets] <1> dollars [for each {t}|an hour|a day|a week]. how much money will {he} \
        [earn|make|get] for <2> [{T}|hours|days|weeks]?
        / 1 2 | {P} [paid|spent] <1> dollars for <2> {T}. how much did each {t} cost?
        / 1 2 | {P} has <1> dollars. each {t} costs <2> dollars. how many {T} can {he} buy?
        - 1 2 | {P} had <1> dollars. {he} [spent <2> dollars on {T}|bought a {t} for <2> dollars|paid <2> dollars for \
        a {t}]. how much money does {he} have [left|now]?
        - 1 2 | {P} had <1> dollars. {he} bought a {t} and now has <2> dollars [left|]. how much did the {t} cost?
        + 1 2 | {P} bought a {t} for <1> dollars and a {u} for <2> dollars. how much did {he} spend [in \
        all|altogether|on both]?
        + 1 2 | {P} bought a {t} for <1> dollars and has <2> dollars left. how much money did {he} have [at \
        first|before]?
        - 1 2 | a {t} costs <1> dollars and a {u} costs <2> dollars. how much more does the {t} cost than the {u}?
        - 1 2 | {P} spent <1> dollars on {T} and <2> dollars on {U}. how much more did {he} spend on {T} than on {U}?
        - 2 3 | {P} had <1> dollars. {he} spent <2> dollars on {T} and <3> dollars on {U}. how much more did {he} \
        spend on {T} than on {U}?
        + 2 3 | {P} had <1> dollars. {he} spent <2> dollars on {T} and <3> dollars on {U}. how much did {he} spend \
        [in all|]?
        - - 1 2 3 | {P} had <1> dollars. {he} spent <2> dollars on {T} and <3> dollars on {U}. how much money does \
        {he} have left?
        - 1 2 | the price of a {t} was <1> dollars. {P} [got a discount of|paid] <2> dollars [off|less]. how much did \
        {he} pay?
        - 1 * 2 3 | {P} had <1> dollars. {he} bought <2> {T} for <3> dollars each. how much money does {he} have \
        left?
        + * 1 2 * 3 4 | {P} bought <1> {T} for <2> dollars each and <3> {U} for <4> dollars each. how much did {he} \
        spend in all?
        / - 1 2 3 | {P} had <1> dollars. {he} spent <2> dollars. how many {T} can {he} buy with the rest if each \
        costs <3> dollars?
        / + 1 2 3 | {P} had <1> dollars and got <2> more. each {t} costs <3> dollars. how many {T} can {he} buy?
        # time
        - 1 2 | {P} finished {his} [homework|work] in <1> [minutes|hours] and {Q} in <2>. how much longer did {P} \
        take?
        - 2 1 | it took {P} <1> [minutes|hours] and {Q} <2> [minutes|hours]. how much faster was {P}?
        * 1 2 | it takes <1> [minutes|hours] to make a {t}. how long does it take to make <2> {T}?
        """)
}
