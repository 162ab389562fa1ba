extension NarrativeTemplate {
    /// Several amounts, of which some together, or one of them, are asked.
    static let combinations = table(
        """
        # combine
        + 1 2 | {P} has <1> {A} {T} and <2> {B} {T}. how many {T} does {he} have [in all|altogether|in \
        total|together]?
        + 1 2 | {P} has <1> {T} and {Q} has <2> {T}. how many {T} do they have [in all|altogether|in total|together]?
        + 1 2 | there are <1> {T} and <2> {U} in the {L}. how many {T} and {U} are there [in all|altogether|in \
        total]?
        + + 1 2 3 | {P} has <1> {T}, {Q} has <2> and {R} has <3>. how many {T} do they have [in all|altogether|in \
        total]?
        + + 1 2 3 | {P} [bought|saw|picked|found] <1> {T}, <2> {U} and <3> {V}. how many [things|items] did {he} \
        [buy|see|pick|find] [in all|altogether]?
        - 1 2 | {P} has <1> {T}. <2> of them are {A} and the [rest|others] are {B}. how many {B} {T} does {he} have?
        - 1 2 | there are <1> {T} in the {L}. <2> are {A} and the rest are {B}. how many are {B}?
        - 2 1 | {P} has <1> {T}. together {P} and {Q} have <2> {T}. how many {T} does {Q} have?
        - 2 1 | there are <1> {A} {T} and some {B} {T} in the {L}. there are <2> {T} [in all|altogether]. how many \
        {B} {T} are there?
        - - 1 2 3 | there are <1> {T} in the {L}. <2> of them are {A}, <3> are {B} and the rest are white. how many \
        {T} are white?
        # which of several
        + 1 3 | {P} has <1> {T} and <2> {U}. {he} [buys|gets|finds] <3> more {T}. how many {T} does {he} have now?
        + 2 3 | {P} has <1> {T} and <2> {U}. {he} [buys|gets|finds] <3> more {U}. how many {U} does {he} have now?
        + + 1 2 3 | {P} has <1> {T} and <2> {U}. {he} [buys|gets|finds] <3> more {U}. how many {T} and {U} does {he} \
        have [in all|now]?
        - 1 3 | {P} [had|bought|picked] <1> {T} and <2> {U}. {he} [gave away|lost|sold|used|ate] <3> {T}. how many \
        {T} does {he} have left?
        - 2 3 | {P} [had|bought|picked] <1> {T} and <2> {U}. {he} [gave away|lost|sold|used|ate] <3> {U}. how many \
        {U} does {he} have left?
        - 1 3 | {P} had <1> {T} and <2> {U}. {he} [gave away|lost|sold|used|ate] <3> {T} and <4> {U}. how many {T} \
        [does {he} have left|are left]?
        - 2 4 | {P} had <1> {T} and <2> {U}. {he} [gave away|lost|sold|used|ate] <3> {T} and <4> {U}. how many {U} \
        [does {he} have left|are left]?
        - 1 4 | {P} had <1> {T} and <2> {U}. {he} [gave away|lost|sold|used|ate] <3> {U} and <4> {T}. how many {T} \
        [does {he} have left|are left]?
        - 2 3 | {P} had <1> {T} and <2> {U}. {he} [gave away|lost|sold|used|ate] <3> {U} and <4> {T}. how many {U} \
        [does {he} have left|are left]?
        + 3 4 | {P} had <1> {T} and <2> {U}. {he} [gave away|lost|sold|used|ate] <3> {U} and <4> {T}. how many \
        [things|items] did {he} [give away|lose|sell|use|eat] [in all|]?
        - - + 1 2 3 4 | {P} had <1> {T} and <2> {U}. {he} [gave away|lost|sold|used] <3> {T} and <4> {U}. how many \
        [things|items|{T} and {U}] [does {he} have left|are left]?
        - 1 2 | {P} had <1> {T} and <3> {U}. now {he} has <2> {T} and <4> {U} left. how many {T} did {he} \
        [use|lose|sell|eat]?
        - 3 4 | {P} had <1> {T} and <3> {U}. now {he} has <2> {T} and <4> {U} left. how many {U} did {he} \
        [use|lose|sell|eat]?
        - 3 4 | {P} had <1> {T} and <2> {U}. now {he} has <3> {T} and <4> {U}. how many more {T} than {U} does {he} \
        have now?
        - 1 2 | {P} had <1> {T} and <2> {U}. now {he} has <3> {T} and <4> {U}. how many more {T} than {U} did {he} \
        have [at first|before]?
        + 1 2 | {P} [found|picked|bought|saw] <1> {T} and <3> {U} on monday and <2> {T} and <4> {U} on tuesday. how \
        many {T} did {he} [find|pick|buy|see] [in all|]?
        + 3 4 | {P} [found|picked|bought|saw] <1> {T} and <3> {U} on monday and <2> {T} and <4> {U} on tuesday. how \
        many {U} did {he} [find|pick|buy|see] [in all|]?
        + 1 3 | {P} [found|picked|bought|saw] <1> {T} and <3> {U} on monday and <2> {T} and <4> {U} on tuesday. how \
        many {T} and {U} did {he} [find|pick|buy|see] on monday?
        + 2 4 | {P} [found|picked|bought|saw] <1> {T} and <3> {U} on monday and <2> {T} and <4> {U} on tuesday. how \
        many {T} and {U} did {he} [find|pick|buy|see] on tuesday?
        - 1 2 | {P} [found|picked|bought|made] <1> {T} on monday, <2> {T} on tuesday and <3> {T} on wednesday. how \
        many more {T} did {he} [find|pick|buy|make] on monday than on tuesday?
        - 2 3 | {P} [found|picked|bought|made] <1> {T} on monday, <2> {T} on tuesday and <3> {T} on wednesday. how \
        many more {T} did {he} [find|pick|buy|make] on tuesday than on wednesday?
        - 1 3 | {P} [found|picked|bought|made] <1> {T} on monday, <2> {T} on tuesday and <3> {T} on wednesday. how \
        many more {T} did {he} [find|pick|buy|make] on monday than on wednesday?
        + 1 2 | {P} [found|picked|bought|made] <1> {T} on monday, <2> {T} on tuesday and <3> {T} on wednesday. how \
        many {T} did {he} [find|pick|buy|make] on monday and tuesday [altogether|]?
        + 2 3 | {P} [found|picked|bought|made] <1> {T} on monday, <2> {T} on tuesday and <3> {T} on wednesday. how \
        many {T} did {he} [find|pick|buy|make] on tuesday and wednesday [altogether|]?
        + + 1 2 3 | {P} [found|picked|bought|made] <1> {T} on monday, <2> {T} on tuesday and <3> {T} on wednesday. \
        how many {T} did {he} [find|pick|buy|make] [in all|altogether]?
        """)

    /// What may stand in any story without any bearing on what is asked.
    static let asides = [
        "{P} has <1> {W}",
        "{Q} has <1> {W}",
        "{P} also has <1> {W}",
        "{R} has <1> {T}",
        "there are <1> {W} in the {L}",
        "{P} is <1> years old",
        "{he} has <1> [brothers|sisters|friends|cousins]",
        "{P} lives <1> miles from the {L}",
        "{Q} gave <1> {W} to {R}",
        "{R} [bought|sold|found|made] <1> {W}",
        "it took {him} <1> [minutes|hours|days]",
        "{R} has <1> {T} and <2> {W}",
        "each {w} costs <1> dollars",
        "there were <1> people in the {L}",
    ]
}
