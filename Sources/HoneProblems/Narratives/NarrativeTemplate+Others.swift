extension NarrativeTemplate {
    /// People, ages, sizes, pages and points.
    static let others = table(
        """
        # people and places
        - 1 2 | there are <1> [students|children|people|players] in the {L}. <2> of them are girls. how many [of \
        them|] are boys?
        + 1 2 | there are <1> boys and <2> girls in the {L}. how many [children|students] are there [in \
        all|altogether|]?
        - 1 2 | there are <1> boys and <2> girls in the {L}. how many more boys than girls are there?
        - 2 1 | there are <1> boys and <2> girls in the {L}. how many more girls than boys are there?
        - 2 1 | <1> [students|children|people] were in the {L}. some more came and now there are <2>. how many [of \
        them|] came?
        - 1 2 | <1> [students|children|people] were in the {L}. some left and now there are <2>. how many [of them|] \
        left?
        + 1 2 | <1> [students|children|people] left the {L} and <2> stayed. how many were there at first?
        + 1 2 | there were <1> [students|children|people] in the {L} [yesterday|before]. today there are <2> more. \
        how many are there today?
        * 1 2 | there are <1> classes with <2> students each. how many students are there [in all|]?
        / 1 2 | <1> [students|children|people] went in <2> [buses|cars|vans] with the same number in each. how many \
        were in each [bus|car|van]?
        / 1 2 | each [bus|car|van] holds <2> people. how many [buses|cars|vans] are needed for <1> people?
        * 1 + 2 3 | there are <1> [classes|teams|groups] with <2> boys and <3> girls each. how many \
        [children|students] are there?
        * 1 3 | there are <1> [classes|teams|groups] with <2> boys and <3> girls each. how many girls are there?
        * 1 2 | there are <1> [classes|teams|groups] with <2> boys and <3> girls each. how many boys are there?
        # giving to each
        * 1 2 | {P} gave <2> {T} to each of {his} <1> [friends|sisters|cousins]. how many {T} did {he} give away?
        * 1 2 | {P} gave each of {his} <1> [friends|sisters|cousins] <2> {T}. how many {T} did {he} give away [in \
        all|]?
        / 1 2 | {P} gave <1> {T} to {his} <2> [friends|sisters|cousins]. each got the same number. how many {T} did \
        each [one|of them|] get?
        / 1 2 | {P} gave <2> {T} to each of {his} [friends|sisters|cousins] and <1> {T} in all. how many \
        [friends|sisters|cousins] does {he} have?
        - 1 * 2 3 | {P} had <1> {T}. {he} gave <3> {T} to each of <2> [friends|people]. how many {T} does {he} have \
        left?
        # older, heavier, longer
        + 1 2 | {P} is <1> years old. {Q} is <2> years older. how old is {Q}?
        - 1 2 | {P} is <1> years old. {Q} is <2> years younger. how old is {Q}?
        - 1 2 | {P} is <1> years old and <2> years older than {Q}. how old is {Q}?
        + 1 2 | {P} is <1> years old and <2> years younger than {Q}. how old is {Q}?
        + 1 2 | {P} is <1> years old. how old will {he} be in <2> years?
        - 1 2 | {P} is <1> years old. how old was {he} <2> years ago?
        - 1 2 | the {t} weighs <1> [pounds|kilograms|grams] and the {u} weighs <2>. how much heavier is the {t}?
        - 1 2 | the {t} weighs <1> [pounds|kilograms|grams] and the {u} weighs <2>. how much [lighter|less] is the \
        {u}?
        + 1 2 | the {t} weighs <1> [pounds|kilograms|grams] and the {u} <2> more. how much does the {u} weigh?
        - 1 2 | the {t} was <1> [feet|inches|meters] long. {P} cut off <2>. how long is it now?
        - 2 1 | the {t} was <1> [feet|inches|meters] tall. it grew and is now <2> [feet|inches|meters] tall. how much \
        did it grow?
        # every day
        * 2 3 | a book has <1> pages. {P} reads <2> pages a day. how many pages does {he} read in <3> days?
        / 1 2 | a book has <1> pages and <3> chapters. {P} reads <2> pages a day. how many days does {he} need?
        / 1 3 | a book has <1> pages and <2> chapters. all chapters have the same number of pages, and {P} reads it \
        in <3> days. how many pages does {he} read each day?
        / 1 2 | a book has <1> pages in <2> chapters of the same length. {P} reads it in <3> days. how many pages are \
        in each chapter?
        - 1 + 2 3 | a book has <1> pages. {P} read <2> pages [yesterday|on monday] and <3> [today|on tuesday]. how \
        many pages are left?
        - 3 2 | {P} read <1> pages on monday, <2> on tuesday and <3> on wednesday. how many more pages did {he} read \
        on wednesday than on tuesday?
        + 2 3 | {P} [did|solved|finished] <2> [problems|questions|pages] of math and <3> of reading in <1> \
        [minutes|hours]. how many [problems|questions|pages] is that in all?
        - 2 3 | {P} had <2> [problems|questions|pages] of math and <3> of reading to do. how many more of math than \
        of reading did {he} have?
        - 3 2 | {P} had <2> [problems|questions|pages] of math and <3> of reading to do. how many more of reading \
        than of math did {he} have?
        - 1 2 | {P} had <1> [problems|questions|pages] to do and did <2> [in the morning|at school]. how many are \
        left to do [at home|]?
        # goals, counts, scores
        - 2 1 | {P} wants to collect <2> {T} and has <1>. how many more does {he} need?
        - 2 + 1 3 | {P} wants to collect <2> {T}. {he} has <1> and gets <3> from {Q}. how many more does {he} need?
        - 1 2 | {P} scored <1> points and {Q} scored <2>. how many more points did {P} score [than {Q}|]?
        + 1 2 | {P} scored <1> points in the first [game|half] and <2> in the second. what is {his} total?
        - 2 1 | {P} scored <1> points in the first [game|half] and has <2> in all. how many did {he} score in the \
        second?
        * 2 3 | {P} won <1> [games|rounds] and scored <2> points in each of <3> others. how many points did {he} \
        score in those?
        - 1 2 | {P} counted <1> {T} and {Q} counted <2> fewer. how many {T} did {Q} count?
        + - 1 2 1 | {P} counted <1> {T} and {Q} counted <2> fewer. how many {T} did they count together?
        + - 1 2 3 | the {L} had <1> {T}. <2> were sold on monday and <3> were brought on tuesday. how many {T} does \
        it have now?
        + 1 - 3 2 | {P} had <1> {T}, {Q} gave {him} <3> and {he} lost <2>. how many {T} does {P} have?
        """)
}
