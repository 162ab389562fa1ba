extension NarrativeTemplate {
    /// How much more, fewer, longer, or how many times as much.
    static let comparisons = table(
        """
        - 1 2 | {P} has <1> {T}. {Q} has <2> {T}. how many more {T} does {P} have than {Q}?
        - 2 1 | {P} has <1> {T}. {Q} has <2> {T}. how many more {T} does {Q} have than {P}?
        - 1 2 | {P} has <1> {T}. {Q} has <2> {T}. how many fewer {T} does {Q} have than {P}?
        - 2 1 | {P} has <1> {T}. {Q} has <2> {T}. how many [fewer|less] {T} does {P} have than {Q}?
        - 1 2 | {P} has <1> {T} and <2> {U}. how many more {T} than {U} does {he} have?
        - 2 1 | {P} has <1> {T} and <2> {U}. how many [more {U} than {T}|fewer {T} than {U}] does {he} have?
        - 1 2 | there are <1> {T} and <2> {U} in the {L}. how many [more {T} are there than {U}|more {T} than {U} are \
        there|fewer {U} than {T} are there]?
        - 2 1 | there are <1> {T} and <2> {U} in the {L}. how many [more {U} are there than {T}|more {U} than {T} are \
        there|fewer {T} than {U} are there]?
        - 1 2 | {P} [found|made|picked|sold] <1> {T}. {Q} [found|made|picked|sold] <2>. what is the difference \
        between the number of {T} {P} and {Q} have?
        + 1 2 | {P} has <1> {T}. {Q} has <2> more [{T}|] than {P}. how many {T} does {Q} have?
        - 1 2 | {P} has <1> {T}. {Q} has <2> [fewer|less] [{T}|] than {P}. how many {T} does {Q} have?
        - 1 2 | {P} has <1> {T}. {he} has <2> more {T} than {Q}. how many {T} does {Q} have?
        + 1 2 | {P} has <1> {T}. {he} has <2> [fewer|less] {T} than {Q}. how many {T} does {Q} have?
        + 1 2 | {P} has <1> more {T} than {Q}. {Q} has <2> {T}. how many {T} does {P} have?
        - 2 1 | {P} has <1> [fewer|less] {T} than {Q}. {Q} has <2> {T}. how many {T} does {P} have?
        + 2 1 | {P} has <1> [fewer|less] {T} than {Q}. {P} has <2> {T}. how many {T} does {Q} have?
        - 2 1 | {P} has <1> more {T} than {Q}. {P} has <2> {T}. how many {T} does {Q} have?
        - 3 1 | {P} has <1> more {T} than {Q} and <2> more {T} than {R}. {P} has <3> {T}. how many {T} does {Q} have?
        - 3 2 | {P} has <1> more {T} than {Q} and <2> more {T} than {R}. {P} has <3> {T}. how many {T} does {R} have?
        + 3 2 | {P} has <1> more {T} than {Q} and <2> fewer {T} than {R}. {P} has <3> {T}. how many {T} does {R} \
        have?
        + 3 1 | {P} has <1> more {T} than {Q} and <2> fewer {T} than {R}. {Q} has <3> {T}. how many {T} does {P} \
        have?
        * 1 2 | {P} has <1> {T}. {Q} has <2> times as many [{T} as {P}|]. how many {T} does {Q} have?
        * 1 2 | {P} has <1> times as many {T} as {Q}. {Q} has <2> {T}. how many {T} does {P} have?
        / 1 2 | {P} has <1> {T}. {he} has <2> times as many as {Q}. how many {T} does {Q} have?
        / 2 1 | {P} has <1> {T} and {Q} has <2> {T}. how many times as many {T} does {Q} have as {P}?
        - 1 2 | the {t} [is|was] <1> [feet|inches|meters|miles] [long|tall|wide|deep] and the {u} [is|was] <2> \
        [feet|inches|meters|miles]. how much [longer|taller|wider|deeper] is the {t} than the {u}?
        - 1 2 | {P} is <1> [inches tall|years old|pounds] and {Q} is <2>. what is the difference between them?
        - 1 2 | {P} [ran|walked|swam|drove|biked] <1> [miles|meters|laps] and {Q} [ran|walked|swam|drove|biked] <2>. \
        how much [farther|further|more] did {P} go than {Q}?
        + 1 2 | {P} [ran|walked|swam|drove|biked] <1> [miles|meters|laps] in the morning and <2> in the afternoon. \
        how [many miles|far|many laps] did {he} go [in all|altogether]?
        - 1 2 | {P} [ran|walked|swam|drove|biked] <1> [miles|meters|laps]. {Q} went <2> less than {P}. how [far|many \
        miles|many laps] did {Q} go?
        + 1 2 | {P} [ran|walked|swam|drove|biked] <1> [miles|meters|laps]. {Q} went <2> more than {P}. how [far|many \
        miles|many laps] did {Q} go?
        + 1 + 1 2 | {P} has <1> {T} and {Q} has <2> more {T} than {P}. how many {T} do they have [together|in all]?
        + 1 - 1 2 | {P} has <1> {T} and {Q} has <2> fewer {T} than {P}. how many {T} do they have [together|in all]?
        """)
}
