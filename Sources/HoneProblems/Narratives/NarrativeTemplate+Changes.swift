extension NarrativeTemplate {
    /// Somebody's things become more or fewer; the result, the change or the start is asked.
    static let changes = table(
        """
        # changes: the result is asked
        + 1 2 | {P} [had|has] <1> {T}. {he} [found|got|bought|received|picked|collected|won|made] <2> more [{T}|]. \
        how many {T} does {P} have [now|in all|altogether|in total|]?
        + 1 2 | there [are|were] <1> {T} in the {L}. {P} [put|placed|added] <2> more {T} [there|in the {L}]. how many \
        {T} are [now|] in the {L} [now|in all|altogether|]?
        + 1 2 | {P} [bought|collected|picked|found|made] <1> {T} [in the morning|on monday|yesterday|last week] and \
        <2> {T} [in the afternoon|on tuesday|today|this week]. how many {T} did {he} [buy|collect|pick|find|make] [in \
        all|altogether|in total]?
        - 1 2 | {P} [had|has] <1> {T}. {he} [gave <2> {T} to {Q}|lost <2> of them|sold <2> {T}|gave away <2>|used <2> \
        of the {T}|ate <2> of them|broke <2> {T}]. how many {T} does {P} have [now|left|]?
        - 1 2 | {P} [had|has] <1> {T}. {he} [gave <2> {T} to {Q}|lost <2> of them|sold <2> {T}|gave away <2>|used <2> \
        of the {T}]. how many {T} [are left|remain|does {he} still have|did {he} have left]?
        - 1 2 | there [are|were] <1> {T} in the {L}. {P} took <2> [{T}|of them] [out|away|from the {L}]. how many {T} \
        are [left|still|] in the {L} [now|]?
        - 1 2 | {P} picked <1> {T}. {Q} took <2> of {his} {T}. how many {T} does {P} have [left|now]?
        - + 1 2 3 | {P} had <1> {T}. {he} [bought|found|got] <2> more and then [gave <3> to {Q}|lost <3>|sold <3>]. \
        how many {T} does {he} have [now|left]?
        + - 1 2 3 | {P} had <1> {T}. {he} [gave <2> to {Q}|lost <2>|sold <2> {T}] and then [bought|found|got] <3> \
        more. how many {T} does {he} have [now|in the end]?
        + - 1 2 3 | there were <1> people on the [bus|train|plane|boat]. at the [first|next] stop <2> people got off \
        and <3> [more people|] got on. how many people are on it now?
        - - 1 2 3 | {P} had <1> {T}. {he} gave <2> to {Q} and <3> to {his} [brother|sister|friend|mother]. how many \
        {T} does {he} have left?
        - - 1 2 3 | {P} [made|baked|picked|brought] <1> {T}. {he} [sold|gave away] <2> {T} [in the morning|on friday] \
        and <3> [{T}|] [in the afternoon|on saturday]. how many {T} [are left|does {P} still have]?
        # changes: the change is asked
        - 2 1 | {P} had <1> {T}. {he} [found|bought|got|picked|received|won] [some|some more|a few] {T}. now {he} has \
        <2> {T}. how many {T} did {he} [find|buy|get|pick|receive|win]?
        - 2 1 | there were <1> {T} in the {L}. {P} put [some more|some] {T} there. then there were <2> {T} in the \
        {L}. how many {T} did {P} put there?
        - 2 1 | {P} has <1> {T}. how many more {T} does {he} need to have <2> {T} [altogether|in all|]?
        - 2 1 | {P} has <1> dollars. a {t} costs <2> dollars. how [much more money|many more dollars] does {he} need \
        to buy it?
        - 1 2 | {P} had <1> {T}. {he} [gave some {T} to {Q}|lost some {T}|sold some of them|used some]. now {he} has \
        <2> {T} [left|]. how many {T} did {he} [give to {Q}|lose|sell|use]?
        - 1 2 | there were <1> {T} in the {L}. {P} took some {T} away. <2> {T} are left. how many {T} did {P} take?
        - 1 2 | {P} has read <2> pages of a book with <1> pages. how many pages [are left to read|does {he} still \
        have to read]?
        - 1 2 | {P} wants to [read|solve|make|sell] <1> {T}. {he} has already [read|solved|made|sold] <2>. how many \
        [more|] are left?
        - + 2 3 1 | there were <1> people on the [bus|train]. some people got on at the stop and <3> got off. then \
        there were <2> people on it. how many people got on?
        - + 1 3 2 | there were <1> people on the [bus|train]. <3> people got on and some got off. then there were <2> \
        people on it. how many people got off?
        - 2 + 1 3 | {P} had <1> {T} and [got|received] <3> from {Q}. {he} bought some more and now has <2>. how many \
        {T} did {he} buy?
        # changes: the start is asked
        - 2 1 | {P} [found|bought|got|received|picked] <1> {T} and now {he} has <2> [{T}|in all]. how many {T} did \
        {he} have [at first|before|to start with|in the beginning]?
        - 2 1 | {P} had some {T}. {Q} gave {him} <1> more. now {he} has <2> {T}. how many {T} did {he} have [at \
        first|before|in the beginning]?
        + 1 2 | {P} [gave|sold] <1> {T} [to {Q}|] and has <2> {T} left. how many {T} did {he} have [at \
        first|before|in the beginning]?
        + 1 2 | {P} had some {T}. {he} [lost|sold|gave away|used|ate] <1> of them. now {he} has <2> left. how many \
        {T} did {he} have [at first|before|in the beginning|to start with]?
        + 1 2 | after {P} [gave|sold] <1> {T} to {Q}, {he} had <2> [{T}|] left. how many {T} did {he} start with?
        - + 1 3 2 | {P} had some {T}. {he} got <2> more and then gave away <3>. now {he} has <1>. how many {T} did \
        {he} have at first?
        # change by transfer
        - 1 2 | {P} has <1> {T} and {Q} has <3>. {P} gives <2> {T} to {Q}. how many {T} does {P} have now?
        + 3 2 | {P} has <1> {T} and {Q} has <3>. {P} gives <2> {T} to {Q}. how many {T} does {Q} have now?
        + 1 3 | {P} has <1> {T} and {Q} has <3>. {P} gives <2> {T} to {Q}. how many {T} do they have together?
        """)
}
