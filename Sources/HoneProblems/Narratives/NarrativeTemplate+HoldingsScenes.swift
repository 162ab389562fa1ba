extension NarrativeTemplate {
    /// Two people or two kinds of things: what they had, lost, got and have.
    static let holdingsScenes = scenes(
        """
        : {P} has <1> {T}[ and <2> {U}|. {he} [also|] has <2> {U}| , <2> {U}]
        : {Q} has <3> {T}[ and <4> {U}|. {Q} also has <4> {U}]
        ? + 1 3 | how many {T} do {P} and {Q} have [in all|altogether|together|]?
        ? + 2 4 | how many {U} do they have [in all|altogether|together|in total]?
        ? - 1 3 | how many more {T} does {P} have than {Q}?
        ? - 3 1 | how many [more {T} does {Q} have than {P}|fewer {T} does {P} have than {Q}]?
        ? - 2 4 | how many more {U} does {P} have than {Q}?
        ? - 1 2 | how many more {T} than {U} does {P} have?
        ? - 2 1 | how many [more {U} than {T}|fewer {T} than {U}] does {P} have?
        ? + 1 2 | how many {N} does {P} have [in all|altogether|]?
        ? + 3 4 | how many [{N}|{T} and {U}] does {Q} have [in all|altogether|]?
        ? + + + 1 2 3 4 | how many {N} do they have [in all|altogether|]?

        : {P} had <1> {T} and <2> {U}
        : {he} {lost} <3> [{T}|of the {T}] and <4> [{U}|of the {U}]
        ? - 1 3 | how many {T} did {P} have left?
        ? - 2 4 | how many {U} [did {he} have left|are left|remain]?
        ? + 3 4 | how many {N} did {he} {lose} [in all|]?
        ? - 3 4 | how many more {T} than {U} did {P} {lose}?
        ? - 4 3 | how many more {U} than {T} did {P} {lose}?
        ? - 1 2 | how many more {T} than {U} did {P} have [at first|to start with|in the beginning|]?
        ? - 2 1 | how many [fewer {T} than {U}|more {U} than {T}] did {P} have [at first|to start with|in the \
        beginning|]?

        : {P} had <1> {U} and <2> {T}
        : {he} {lost} <3> {T} and <4> {U}
        ? - 1 4 | how many {U} did {P} have left?
        ? - 2 3 | how many {T} [did {he} have left|are left]?
        ? - - + 1 2 3 4 | how many {N} did {he} have left?
        ? + 1 2 | how many {N} did {he} have [at first|in the beginning|before]?

        : {P} {lost} <1> {T} and <2> {U}
        : {he} has <3> {T} and <4> {U} left
        ? + 1 3 | how many {T} did {P} have [at first|in the beginning|to start with|initially|before]?
        ? + 2 4 | how many {U} did {P} have [at first|in the beginning|to start with|initially|before]?
        ? - 3 4 | how many more {T} than {U} does {he} have left?
        ? - 1 2 | how many more {T} than {U} did {he} {lose}?

        : {P} had <1> {T} and <2> {U}
        : after {he} {lost} some of them {he} had <3> {T} and <4> {U} left
        ? - 1 3 | how many {T} did {P} {lose}?
        ? - 2 4 | how many {U} did {P} {lose}?
        ? - 4 3 | how many more {U} than {T} did {P} have left?

        : {P} had <1> {T} and <2> {U}
        : then {he} {gained} more and now has <3> {T} and <4> {U}
        ? - 3 1 | how many {T} did {P} {gain}?
        ? - 4 2 | how many {U} did {P} {gain}?
        ? + 3 4 | how many {N} does {P} have now?

        : {P} has <1> {T} and <2> {U}
        : {he} {gained} <3> more {T}
        ? + 1 3 | how many {T} does {P} have now?
        ? + + 1 2 3 | how many {N} does {P} have now [in all|]?
        ? - + 1 3 2 | how many more {T} than {U} does {he} have now?
        ? - 1 2 | how many more {T} than {U} did {he} have [at first|before]?

        : there [are|were] <1> {T} and <2> {U} in the {L}
        : {Q} [brought|put|placed|added] <3> more {U} [there|in the {L}|into it|]
        : there are also <4> {V} there
        ? + 2 3 | how many {U} are [now|] in the {L}?
        ? + 1 4 | how many {T} and {V} are [there|in the {L}]?
        ? - 1 2 | how many more {T} than {U} were there [at first|in the beginning|]?
        ? - 4 1 | how many more {V} than {T} are there?
        """)
}
