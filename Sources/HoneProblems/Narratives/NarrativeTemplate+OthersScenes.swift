extension NarrativeTemplate {
    /// Parts of a whole, moves from one to another, goals and scores.
    static let othersScenes = scenes(
        """
        : there are <1> {N} in the {L}
        ? - 1 2 | <2> of them are {T} and the rest are {U}. how many {U} are there?
        ? - - 1 2 3 | <2> are {T} , <3> are {U} and the others are {V}. how many {V} are there?
        ? - 2 3 | <2> are {T} and <3> are {U}. how many more {T} than {U} are there?
        ? + 2 3 | <2> are {T} and <3> are {U}. how many are {T} or {U}?
        ? - 1 2 | <2> of them are not {A}. how many are {A}?

        : {P} has <1> {A} {T} and <2> {B} {T}
        : {he} also has <3> {U}
        ? + 1 2 | how many {T} does {he} have [in all|altogether|]?
        ? - 1 2 | how many more {A} {T} than {B} {T} does {he} have?
        ? - 2 1 | how many more {B} {T} than {A} {T} does {he} have?
        ? - 3 1 | how many more {U} than {A} {T} does {he} have?
        ? - + 1 4 5 | {he} {gained} <4> {A} {T} and {lost} <5> of them. how many {A} {T} does {he} have now?
        ? - 2 4 | {he} {lost} <4> {B} {T}. how many {B} {T} are left?
        ? - 1 4 | {he} {lost} <4> {A} {T}. how many {A} {T} are left?

        : {P} has <1> {T} and {Q} has <2> {T}
        : {P} gives <3> {T} to {Q}
        ? - 1 3 | how many {T} does {P} have [now|left]?
        ? + 2 3 | how many {T} does {Q} have now?
        ? + 1 2 | how many {T} do they have [together|in all|]?
        ? - 1 2 | how many more {T} did {P} have than {Q} [at first|before]?

        : {P} [gave|sent|lent] {Q} <1> {T}
        ? + 1 2 | now {P} has <2> {T} [left|]. how many {T} did {P} have [at first|before|in the beginning]?
        ? - 2 1 | now {Q} has <2> {T}. how many {T} did {Q} have [at first|before|in the beginning]?
        ? - 2 1 | {P} had <2> {T} before. how many {T} does {P} have [now|left]?
        ? + 2 1 | {Q} had <2> {T} before. how many {T} does {Q} have now?
        ? + 1 2 | {P} [gave|sent] {R} <2> [{T}|]. how many {T} did {he} give away?
        ? - 1 2 | {P} [gave|sent] {R} <2> [{T}|]. how many more {T} did {Q} get than {R}?

        : {P} has <1> {T} in the {L} and <2> {T} in the {K}
        : {he} moves <3> {T} from the {L} to the {K}
        ? - 1 3 | how many {T} are [now|left] in the {L}?
        ? + 2 3 | how many {T} are [now|] in the {K}?
        ? + 1 2 | how many {T} does {he} have?
        ? - 1 2 | how many more {T} were in the {L} than in the {K} [at first|before]?

        : {P} wants to {do} <1> {T} [and has <2> {friends}|]
        ? - 1 3 | {he} has [already|] {did} <3> [of them|]. how many [more|] does {he} have to {do}?
        ? - 3 1 | {he} {did} <3> {T}. how many more than {he} wanted did {he} {do}?
        ? - - 1 3 4 | {X} {he} {did} <3> and {Y} <4>. how many are left to {do}?
        ? / 1 3 | {he} {did} <3> [each|a] day. how many days does {he} need?
        ? / 1 3 | {he} has <3> days. how many does {he} have to {do} each day?

        : {P} [read|has] a book of <1> pages [in|with] <2> {C}
        ? - 1 3 | {he} has read <3> pages. how many pages are left?
        ? - 1 3 | {he} has <3> pages left to read. how many pages has {he} read?
        ? / 1 2 | each {c} has the same number of pages. how many pages are in each {c}?
        ? / 1 3 | {he} reads <3> pages a day. how many days does {he} need [to finish it|]?
        ? * 3 4 | {he} reads <3> pages a day. how many pages does {he} read in <4> days?
        ? + 3 4 | {he} read <3> pages {X} and <4> pages {Y}. how many pages has {he} read?
        ? - 3 4 | {he} read <3> pages {X} and <4> pages {Y}. how many more pages did {he} read {X} than {Y}?

        : {P} needs <1> cups of {t} and <2> cups of {u} [for|to make] a {v}
        : {he} [already|] put in <3> cups of {t} and <4> cups of {u}
        ? - 1 3 | how many [more|] cups of {t} does {he} [need to add|have to add|still need]?
        ? - 2 4 | how many [more|] cups of {u} does {he} [need to add|have to add|still need]?
        ? + 1 2 | how many cups are needed [in all|]?
        ? - 1 2 | how many more cups of {t} than of {u} are needed?
        ? - 2 1 | how many more cups of {u} than of {t} are needed?
        ? + 3 4 | how many cups did {he} put in?

        : {P} has to {do} <1> {T} and <2> {U} [at home|]
        ? - 1 3 | {he} has already {did} <3> {T}. how many {T} are left to {do}?
        ? - 2 3 | {he} has already {did} <3> {U}. how many {U} are left to {do}?
        ? - + 1 2 3 | {he} has already {did} <3> of them. how many {N} are left to {do}?
        ? * + 1 2 3 | each takes <3> minutes. how many minutes will it take {him} [in all|]?

        : {P} [scored|won|got] <1> points in the first [game|half] and <2> [points|] in the second
        : {Q} [scored|won|got] <3> points
        ? + 1 2 | how many points did {P} [score|win|get] [in all|altogether|]?
        ? - 3 1 | how many more points did {Q} have than {P} in the first [game|half]?
        ? - 1 2 | how many more points did {P} have in the first than in the second?
        ? - 2 1 | how many more points did {P} have in the second than in the first?

        : {P} played <1> {T} and scored <2> points in each
        : {Q} played <3> {T}
        ? * 1 2 | how many points did {P} score [in all|altogether|]?
        ? + 1 3 | how many {T} did they play [in all|]?
        ? - 1 3 | how many more {T} did {P} play?
        ? - 3 1 | how many more {T} did {Q} play than {P}?
        ? * 3 2 | if {Q} scored as many in each , how many points did {Q} score?

        : {P} scored <1> points in <2> {T}
        ? / 1 2 | {he} scored the same in each. how many points did {he} score in each?
        ? / 1 3 | each {u} is worth <3> points. how many {U} did {P} make?
        ? - 1 3 | {Q} scored <3>. how many more points did {P} score?

        : there were <1> {friends} at the {L} {X} and <2> {Y}
        ? + 1 2 | how many {friends} were there [in all|both times|on both days]?
        ? - 1 2 | how many more {friends} were there {X} than {Y}?
        ? - 2 1 | how many more {friends} were there {Y} than {X}?
        ? + 1 3 | <3> more came {X}. how many {friends} were there {X}?
        ? - + 1 2 3 | <3> {friends} were there both times. how many {friends} were there?

        : the {L} has <1> {T} now
        ? - 1 2 | last year it had <2> {T}. how many {T} [were added|did it gain|came]?
        ? - 2 1 | last year it had <2> {T}. how many {T} [were lost|did it lose|left]?
        ? - 1 2 | this year <2> {T} were added. how many {T} did it have last year?
        ? + 1 2 | this year <2> {T} were removed. how many {T} did it have last year?
        ? - 1 2 | that is <2> more than the {K} has. how many {T} does the {K} have?
        ? + 1 2 | that is <2> fewer than the {K} has. how many {T} does the {K} have?
        ? / 1 2 | they are in <2> {C} of the same size. how many {T} are in each {c}?
        """)
}
