extension NarrativeTemplate {
    /// Equal groups of two kinds of things, and rates.
    static let groupsScenes = scenes(
        """
        : {P} has <1> {C} with <2> {T} in each [{c}|]
        : {he} also has <3> {D} with <4> {U} in each [{d}|]
        ? * 1 2 | how many {T} does {P} have [in all|]?
        ? * 3 4 | how many {U} does {P} have [in all|]?
        ? + 1 3 | how many {C} and {D} does {P} have?
        ? - 1 3 | how many more {C} than {D} does {he} have?
        ? - 3 1 | how many more {D} than {C} does {he} have?
        ? + * 1 2 * 3 4 | how many {T} and {U} does {he} have [in all|]?
        ? - * 1 2 * 3 4 | how many more {T} than {U} does {he} have?

        : there are <1> {C} in the {L}
        : each {c} [has|holds|contains] <2> {T} and <3> {U}
        : there are also <4> {V} in the {L}
        ? * 1 2 | how many {T} are [there|in the {L}] [in all|altogether|]?
        ? * 1 3 | how many {U} are there [in all|altogether|]?
        ? * 1 + 2 3 | how many {N} are in the {C} [in all|altogether|]?
        ? - 2 3 | how many more {T} than {U} are in each {c}?
        ? - 3 2 | how many more {U} than {T} are in each {c}?
        ? + 2 3 | how many {N} are in each {c}?

        : {P} has <1> {T} and <2> {U}
        : {he} [put|packed|placed] the {T} in <3> {C} and the {U} in <4> {D} [equally|with the same number in each|]
        ? / 1 3 | how many {T} are in each {c}?
        ? / 2 4 | how many {U} are in each {d}?
        ? + 3 4 | how many {C} and {D} did {he} use?
        ? + 1 2 | how many {N} does {he} have?

        : {P} has <1> {T} and <2> {U}
        : {he} [put|packed|placed] <3> {T} in each {c} and <4> {U} in each {d}
        ? / 1 3 | how many {C} does {he} [need|use|have]?
        ? / 2 4 | how many {D} does {he} [need|use|have]?
        ? - 1 2 | how many more {T} than {U} does {he} have?
        ? - 3 4 | how many more {T} are in each {c} than {U} in each {d}?

        : {P} wants to [put|share|pack|divide] <1> {T}
        : {he} has <2> {U} too
        ? / 1 3 | {he} has <3> {C} for the {T}. how many {T} go into each {c}?
        ? / 1 3 | each {c} can hold <3> {T}. how many {C} [are needed|does {he} need]?
        ? / 1 3 | {he} shares the {T} among <3> {friends}. how many does each [one|] get?
        ? / 1 3 | each of {his} {friends} gets <3> {T}. how many {friends} does {he} have?
        ? / 2 3 | {he} shares the {U} among <3> {friends}. how many {U} does each get?

        : <1> {friends} [came|went] to the {L}
        : each [of them|] [brought|took|had|ate|made|bought] <2> {T} and <3> {U}
        : {P} is <4> years old
        ? * 1 2 | how many {T} is that [in all|altogether|]?
        ? * 1 3 | how many {U} did they have [in all|altogether|]?
        ? * 1 + 2 3 | how many {N} did they have [in all|altogether|]?
        ? - 2 3 | how many more {T} than {U} did each have?

        : {P} {did} <1> {T} [a|each|every|per] day
        ? * 1 2 | how many {T} [did {he} {do}|will {he} {do}|would {he} {do}] in <2> days [if {he} {did} <3> {U} a \
        day|]?
        ? / 2 1 | how many days did it take {him} to {do} <2> {T}?
        ? - 1 2 | {Q} {did} <2> {T} [a|each|every|per] day. how many more {T} did {P} {do} each day [than {Q}|]?
        ? + 1 2 | {Q} {did} <2> {T} [a|each|every|per] day. how many {T} did they {do} each day [together|]?
        ? - 1 2 | {he} {did} <2> {U} a day too. how many more {T} than {U} did {he} {do} each day?
        ? * 3 2 | {he} {did} <2> {U} a day too. how many {U} did {he} {do} in <3> days?
        ? * 3 1 | {he} {did} <2> {U} a day too. how many {T} did {he} {do} in <3> days?

        : {P} {did} <1> {T} and <2> {U} in <3> [days|hours|weeks|minutes]
        ? / 1 3 | how many {T} did {he} {do} [each|per|every] [day|hour|week|minute]?
        ? / 2 3 | how many {U} did {he} {do} [each|per|every] [day|hour|week|minute]?
        ? / + 1 2 3 | how many {N} did {he} {do} [each|per|every] [day|hour|week|minute]?
        ? - 1 2 | how many more {T} than {U} did {he} {do}?
        ? + 1 2 | how many {N} did {he} {do}?

        : a {c} [has|holds|contains] <1> {T}
        ? / 2 1 | {P} has <2> {T} [and <3> {U}|]. how many {C} can {he} fill?
        ? * 2 1 | {P} [bought|has|needs] <2> {C} [and <3> {D}|]. how many {T} are that?
        ? * 2 1 | {P} [bought|has|needs] <3> {D} and <2> {C}. how many {T} does {he} have?
        ? - 1 2 | {P} took <2> {T} out [of it|]. how many {T} are left in it?
        ? - 1 * 2 3 | <2> {friends} took <3> {T} each out of it. how many {T} are left in it?

        : {P} has <1> {T}, which is <2> times as many as {Q} has
        ? / 1 2 | {R} has <3> {T}. how many {T} does {Q} have?
        ? - 1 3 | {R} has <3> {T}. how many more {T} does {P} have than {R}?

        : {P} has <1> {T} and <2> {U}
        ? * 1 3 | {Q} has <3> times as many {T} [as {P}|]. how many {T} does {Q} have?
        ? * 2 3 | {Q} has <3> times as many {U} [as {P}|]. how many {U} does {Q} have?
        ? / 1 2 | how many times as many {T} as {U} does {P} have?
        ? / 1 3 | that is <3> times as many {T} as {Q} has. how many {T} does {Q} have?
        """)
}
