extension NarrativeTemplate {
    /// Comings and goings, deeds of several days, and who did more.
    static let eventsScenes = scenes(
        """
        : <1> {T} were in the {L}
        : <2> {T} [left|went away] and <3> [more|others] came
        ? + - 1 2 3 | how many {T} are [now|] in the {L}?
        ? - 1 2 | how many {T} [were left before the others came|stayed]?
        ? - 3 2 | how many more {T} came than [left|went away]?

        : there were <1> people on the [{c}|bus|train]
        ? - 1 2 | at the {L} some [people|] got off. then there were <2> people [left|] on it. how many people got \
        off?
        ? - 2 1 | at the {L} some more [people|] got on. then there were <2> people on it. how many people got on?
        ? - + 2 3 1 | at the {L} <3> people got off while some got on. then there were <2> people [altogether|] on \
        it. how many people got on?
        ? - + 1 3 2 | at the {L} <3> people got on while some got off. then there were <2> people [altogether|] on \
        it. how many people got off?
        ? - 2 1 | at the {L} some got on and some got off. then there were <2> people on it. how many more people \
        got on than off?
        ? - 1 2 | at the {L} some got on and some got off. then there were <2> people on it. how many more people \
        got off than on?
        ? - 2 3 | at the {L} <2> people got off and <3> got on. how many more people got off than on?
        ? - 3 2 | at the {L} <2> people got off and <3> got on. how many more people got on than off?
        ? - + 1 3 2 | at the {L} <2> people got off and <3> got on. how many people are on it now?

        : some people were on the [{c}|bus|train]
        ? + 1 2 | at the {L} <1> people got off. then there were <2> people [left|] on it. how many were on it [at \
        first|before|in the beginning]?
        ? - 2 1 | at the {L} <1> people got on. then there were <2> people on it. how many were on it [at \
        first|before|in the beginning]?

        : {P} {did} <1> {T} {X}[ and| ,] <2> {Y}[ and| ,] and <3> {Z}
        ? + 1 2 | how many {T} did {P} {do} {X} and {Y}?
        ? + 2 3 | how many {T} did {he} {do} {Y} and {Z} [together|]?
        ? + 1 3 | how many {T} did {he} {do} {X} and {Z}?
        ? - 1 2 | how many more {T} did {P} {do} {X} than {Y}?
        ? - 2 1 | how many [more {T} did {he} {do} {Y} than {X}|fewer {T} did {he} {do} {X} than {Y}]?
        ? - 3 1 | how many more did {he} {do} {Z} than {X}?
        ? - 2 3 | how many more did {he} {do} {Y} than {Z}?
        ? + + 1 2 3 | how many {T} did {he} {do} [in all|altogether|]?

        : {P} {did} <1> {T} and <2> {U} {X}
        : {he} {did} <3> {T} and <4> {U} {Y}
        ? + 1 3 | how many {T} did {P} {do} [in all|altogether|in total|]?
        ? + 2 4 | how many {U} did {P} {do} [in all|altogether|in total|]?
        ? + 1 2 | how many {N} did {he} {do} {X}?
        ? + 3 4 | how many {N} did {he} {do} {Y}?
        ? - 1 3 | how many more {T} did {he} {do} {X} than {Y}?
        ? - 3 1 | how many more {T} did {he} {do} {Y} than {X}?
        ? - 4 2 | how many more {U} did {he} {do} {Y} than {X}?
        ? - 1 2 | how many more {T} than {U} did {he} {do} {X}?
        ? - 3 4 | how many more {T} than {U} did {he} {do} {Y}?
        ? - 4 3 | how many more {U} than {T} did {he} {do} {Y}?

        : {P} {did} <1> {T} {X}
        : {Q} {did} <2> {T} {Y}
        : {P} {did} <3> {T} {Y} [too|as well|]
        ? + 1 3 | how many {T} did {P} {do} [in all|altogether|]?
        ? - 2 3 | how many more {T} did {Q} {do} than {P} {Y}?
        ? + 2 3 | how many {T} did they {do} {Y}?
        ? - 1 3 | how many more {T} did {P} {do} {X} than {Y}?

        : {P} {did} [some|] {T} {X} and {Y}
        ? - 1 2 | {he} {did} <1> {T} in all and <2> of them {Y}. how many did {he} {do} {X}?
        ? - 1 2 | {he} {did} <2> of them {X}. if {he} {did} <1> in all , how many {T} did {he} {do} {Y}?
        ? + 1 2 | {X} {he} {did} <1> [{T}|] and {Y} <2> more than {X}. how many {T} did {he} {do} {Y}?
        ? - 1 2 | {X} {he} {did} <1> [{T}|] , <2> more than {Y}. how many {T} did {he} {do} {Y}?
        ? + 1 2 | {X} {he} {did} <1> [{T}|] , <2> fewer than {Y}. how many {T} did {he} {do} {Y}?
        ? - 1 2 | {X} {he} {did} <1> [{T}|] and {Y} <2> fewer. how many {T} did {he} {do} {Y}?

        : {P} {did} <1> {T}
        : {Q} {did} <2> [more|] {T} [than {P}|more than {P}]
        : {R} {did} <3> {T}
        ? + 1 3 | how many {T} did {P} and {R} {do} [together|in all|]?
        ? - 1 3 | how many more {T} did {P} {do} than {R}?
        ? - 3 1 | how many [more {T} did {R} {do} than {P}|fewer {T} did {P} {do} than {R}]?

        : {Q} has <1> [more|additional] {T} than {P} and <2> fewer {U}
        : {P} has <3> {T} and <4> {U}
        ? + 3 1 | how many {T} does {Q} have?
        ? - 4 2 | how many {U} does {Q} have?
        ? + 3 4 | how many {N} does {P} have?
        ? - 3 4 | how many more {T} than {U} does {P} have?
        ? - 4 3 | how many fewer {T} than {U} does {P} have?

        : {P} has <1> [fewer|less] {T} and <2> more {U} than {Q}
        : {Q} has <3> {T} and <4> {U}
        ? - 3 1 | how many {T} does {P} have?
        ? + 4 2 | how many {U} does {P} have?
        ? - 4 3 | how many more {U} than {T} does {Q} have?

        : {P} has <1> [fewer|less] {T} and <2> more {U} than {Q}
        : {P} has <3> {T} and <4> {U}
        ? + 3 1 | how many {T} does {Q} have?
        ? - 4 2 | how many {U} does {Q} have?

        : {P} has <1> fewer {T} than {Q} and <2> more {T} than {R}
        ? - 3 1 | {Q} has <3> {T}. how many {T} does {P} have?
        ? + 3 2 | {R} has <3> {T}. how many {T} does {P} have?
        ? + 3 1 | {P} has <3> {T}. how many {T} does {Q} have?
        ? - 3 2 | {P} has <3> {T}. how many {T} does {R} have?
        ? + 1 2 | how many more {T} does {Q} have than {R}?

        : the {c} of {P} is <1> [feet|inches|meters|pounds] [long|tall|high|wide] and that of {Q} is <2>
        : {P} has <3> {T}
        ? - 1 2 | how much [longer|taller|higher|wider|more] is the {c} of {P}?
        ? - 2 1 | how much [longer|taller|higher|wider|more] is the {c} of {Q} [than that of {P}|]?

        : {P} [ran|walked|drove|rode|swam|jumped] <1> [miles|meters|feet|inches] and {Q} \
        [ran|walked|drove|rode|swam|jumped] <2>
        : {R} went <3> [farther|more] than {Q}
        ? - 1 2 | how much farther did {P} go than {Q}?
        ? - 2 1 | how much farther did {Q} go than {P}?
        ? + 2 3 | how far did {R} go?
        ? + 1 2 | how far did {P} and {Q} go together?

        : the {t} jumped <1> inches and the {u} jumped <2> inches farther than the {t}
        : the {v} jumped <3> inches [less|farther|] than the {u}
        ? + 1 2 | how far did the {u} jump?

        : the {t} jumped <1> inches farther than the {u}
        ? - 2 1 | the {t} jumped <2> inches. how far did the {u} jump?
        ? + 2 1 | the {u} jumped <2> inches. how far did the {t} jump?
        """)
}
