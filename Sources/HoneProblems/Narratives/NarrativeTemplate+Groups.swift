extension NarrativeTemplate {
    /// Equal groups: how many in all, how many groups, how many in each.
    static let groups = table(
        """
        * 1 2 | {P} has <1> {C} with <2> {T} in each [{c}|]. how many {T} does {he} have [in all|altogether|in \
        total|]?
        * 1 2 | there are <1> {C}. each {c} [has|holds|contains] <2> {T}. how many {T} are there [in \
        all|altogether|in total|]?
        * 1 2 | each {c} [has|holds|contains] <1> {T}. how many {T} are in <2> {C}?
        * 1 2 | {P} has <1> {C} of {T}. [each {c}|each] [has|holds|contains] <2> {T}. how many {T} does {he} have?
        * 2 1 | {P} [buys|reads|makes|sells] <1> {T} [a|each|every] [day|week]. how many {T} does {he} \
        [buy|read|make|sell] in <2> [days|weeks]?
        / 1 2 | {P} has <1> {T}. {he} [puts|packs|places] <2> {T} in each {c}. how many {C} does {he} \
        [need|fill|have]?
        / 1 2 | {P} has <1> {T}. {he} wants to put <2> in each {c}. how many {C} will {he} need?
        / 1 2 | {P} has <1> {T} in <2> {C}. each {c} has the same number of {T}. how many {T} are in each {c}?
        / 1 2 | {P} [puts|packs|divides|shares|splits] <1> {T} [equally|evenly] into <2> {C}. how many {T} are in \
        each {c}?
        / 1 2 | {P} [shares|divides|splits] <1> {T} [equally|evenly] among <2> [friends|children|people]. how many \
        {T} does each [friend|child|person] get?
        / 2 1 | each {c} [has|holds|contains] <1> {T}. how many {C} [do you need for|are needed for|will hold] <2> \
        {T}?
        / 1 2 | <1> {T} are in <2> [equal|] groups. how many {T} are in each group?
        / 1 2 | {P} has <1> {T} in groups of <2>. how many groups [are there|does {he} have]?
        / 1 2 | {P} [reads|makes|sells|uses] <2> {T} [a|each|every] [day|week]. how many [days|weeks] [will it \
        take|does {he} need] to [read|make|sell|use] <1> {T}?
        / 1 2 | {P} [read|made|sold|used] <1> {T} in <2> [days|weeks]. how many {T} did {he} [read|make|sell|use] \
        [a|each|every] [day|week]?
        / 1 3 | {P} has <1> {T} and <2> {U}. {he} puts the {T} into <3> {C} equally. how many {T} are in each {c}?
        / 2 3 | {P} has <1> {T} and <2> {U}. {he} puts the {U} into <3> {C} equally. how many {U} are in each {c}?
        / 1 3 | {P} has <1> {T} and <2> {U}. if the {T} are put in groups of <3>, how many groups of {T} are there?
        / 2 4 | {P} has <1> {T} and <2> {U}. if {T} are put in groups of <3> and {U} in groups of <4>, how many \
        groups of {U} are there?
        / 1 3 | {P} has <1> {T} and <2> {U}. if there are <3> groups of {T} and <4> groups of {U}, how big is each \
        group of {T}?
        / 2 4 | {P} has <1> {T} and <2> {U}. if there are <3> groups of {T} and <4> groups of {U}, how big is each \
        group of {U}?
        * 1 3 | {P} has <1> {C} of {T} and <2> {C} of {U}. each {c} of {T} has <3> and each {c} of {U} has <4>. how \
        many {T} does {he} have?
        * 2 4 | {P} has <1> {C} of {T} and <2> {C} of {U}. each {c} of {T} has <3> and each {c} of {U} has <4>. how \
        many {U} does {he} have?
        + * 1 3 * 2 4 | {P} has <1> {C} of {T} and <2> {C} of {U}. each {c} of {T} has <3> and each {c} of {U} has \
        <4>. how many {T} and {U} does {he} have in all?
        * 1 3 | {P} has <1> {C}. there are <2> {T} and <3> {U} in each {c}. how many {U} are there [in all|]?
        * 1 2 | {P} has <1> {C}. there are <2> {T} and <3> {U} in each {c}. how many {T} are there [in all|]?
        * 1 + 2 3 | {P} has <1> {C}. there are <2> {T} and <3> {U} in each {c}. how many {T} and {U} are there in \
        all?
        - * 1 2 3 | {P} has <1> {C} with <2> {T} in each. {he} [gave away|lost|sold|used] <3> {T}. how many {T} are \
        left?
        + * 1 2 3 | {P} has <1> {C} with <2> {T} in each and <3> [other|extra|loose] {T}. how many {T} does {he} have \
        [in all|]?
        / - 1 2 3 | {P} had <1> {T}. {he} [gave away|lost|sold|used] <2> and put the rest [equally into <3> {C}|into \
        {C} of <3>]. how many [{T} are in each {c}|{C} does {he} have]?
        / + 1 2 3 | {P} had <1> {T} and [bought|got|found] <2> more. {he} put them [equally into <3> {C}|into {C} of \
        <3>]. how many [{T} are in each {c}|{C} does {he} have]?
        """)
}
