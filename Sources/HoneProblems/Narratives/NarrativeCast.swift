/// Who and what a narrative is about: one filling of its roles.
///
/// `{P}`, `{Q}` and `{R}` are people, `{he}`, `{his}` and `{him}` speak of the first. `{T}`, `{U}`, `{V}` and `{W}`
/// are things in the plural, small letters in the singular, and `{N}` is what they are all called; `{C}` and `{c}`,
/// `{D}` and `{d}` are what holds them, `{L}` and `{K}` are places, `{A}` and `{B}` qualities, `{friends}` some people.
/// `{X}`, `{Y}` and `{Z}` are three times. `{did}` and `{do}`, `{gained}` and `{gain}`, `{lost}` and `{lose}` are forms
/// of a verb.
package struct NarrativeCast {
    private let words: [Substring: String]

    init(_ random: inout RandomSource) {
        let people = random.distinct(3, of: Self.people)
        let (things, kind) = Self.things(&random)
        let containers = random.distinct(2, of: Self.containers)
        let qualities = random.distinct(2, of: Self.qualities)
        let places = random.distinct(2, of: Self.places)
        let times = random.element(of: Self.times)
        let usesPronoun = random.chance(percent: 70)
        let isShe = people[0].isShe
        var words: [Substring: String] = [
            "P": people[0].name, "Q": people[1].name, "R": people[2].name,
            "he": usesPronoun ? (isShe ? "she" : "he") : people[0].name,
            "his": isShe ? "her" : "his", "him": isShe ? "her" : "him", "N": kind,
            "C": containers[0].plural, "c": containers[0].singular, "D": containers[1].plural,
            "d": containers[1].singular, "L": places[0], "K": places[1], "A": qualities[0], "B": qualities[1],
            "friends": random.element(of: Self.companions), "X": times[0], "Y": times[1], "Z": times[2],
        ]
        for (past, base, verbs) in [
            ("did", "do", Self.deeds), ("gained", "gain", Self.gains), ("lost", "lose", Self.losses),
        ] as [(Substring, Substring, [Thing])] {
            let verb = random.element(of: verbs)
            words[past] = verb.plural.replacing("_", with: " ")
            words[base] = verb.singular.replacing("_", with: " ")
        }
        for (role, thing) in zip(["T", "U", "V", "W"] as [Substring], things) {
            words[role] = thing.plural
            words[Substring(role.lowercased())] = thing.singular
        }
        self.words = words
    }

    /// The text with its roles played.
    func playing(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
            let role = rest[rest.index(after: start)..<end]
            guard let word = words[role] else { preconditionFailure("no role {\(role)}") }
            result += rest[..<start] + word
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private struct Thing {
        let singular: String
        let plural: String
    }

    /// Four things and what they are all called: red balloons, blue balloons and so on, boys and girls, or things that
    /// have nothing in common.
    private static func things(_ random: inout RandomSource) -> ([Thing], String) {
        switch random.integer(0...99) {
        case 0..<38:
            let thing = random.element(of: things)
            let varieties = random.distinct(4, of: qualities).map {
                Thing(singular: "\($0) \(thing.singular)", plural: "\($0) \(thing.plural)")
            }
            return (varieties, random.chance(percent: 80) ? thing.plural : random.element(of: kinds))
        case 38..<46: return (random.distinct(4, of: visitors), "people")
        default:
            let single = random.distinct(4, of: things)
            let described = single.map { thing in
                guard random.chance(percent: 20) else { return thing }
                let quality = random.element(of: qualities)
                return Thing(singular: "\(quality) \(thing.singular)", plural: "\(quality) \(thing.plural)")
            }
            let both = "\(described[0].plural) and \(described[1].plural)"
            return (described, random.chance(percent: 70) ? random.element(of: kinds) : both)
        }
    }

    private static func pairs(_ text: String) -> [Thing] {
        text.split { $0 == " " || $0 == "\n" }.map { word in
            let forms = word.split(separator: "/").map(String.init)
            return Thing(singular: forms[0], plural: forms[forms.count - 1])
        }
    }

    private static let people =
        """
        John Tom Sam Mike Dan Tim Jason Keith Fred Adam Bob Carl David Eric Frank Henry Jack Kevin Luke Nathan Oscar \
        Paul Ryan Steve Brian Josh Robin
        """.split(separator: " ").map { (name: String($0), isShe: false) }
            + """
            Mary Sally Joan Sara Jessica Nancy Melanie Lisa Amy \
            Anna Betty Carol Diane Emily Faye Grace Helen Iris Julia \
            Kate Linda Megan Olivia Pam Rachel Sandy Tina Vivian Haley Paige
            """.split(separator: " ").map { (name: String($0), isShe: true) }

    private static let things = pairs(
        """
        marble/marbles stamp/stamps card/cards shell/shells seashell/seashells sticker/stickers balloon/balloons \
        pencil/pencils crayon/crayons book/books toy/toys apple/apples orange/oranges peach/peaches pear/pears \
        banana/bananas cookie/cookies cupcake/cupcakes candy/candies egg/eggs flower/flowers rose/roses tree/trees \
        ticket/tickets coin/coins penny/pennies game/games doll/dolls car/cars ball/balls bottle/bottles \
        photo/photos picture/pictures bead/beads ribbon/ribbons shirt/shirts hat/hats plant/plants carrot/carrots \
        potato/potatoes tomato/tomatoes lemon/lemons pie/pies cake/cakes muffin/muffins pizza/pizzas fish/fish \
        bird/birds cat/cats dog/dogs duck/ducks cow/cows bug/bugs block/blocks puzzle/puzzles rock/rocks \
        stone/stones button/buttons pen/pens marker/markers eraser/erasers notebook/notebooks magazine/magazines \
        file/files song/songs movie/movies chair/chairs table/tables lollipop/lollipops nut/nuts kite/kites \
        bracelet/bracelets comic/comics glass/glasses plate/plates cup/cups sandwich/sandwiches donut/donuts
        """)
    private static let containers = pairs(
        """
        box/boxes bag/bags basket/baskets pack/packs jar/jars shelf/shelves row/rows pile/piles group/groups \
        case/cases drawer/drawers packet/packets tray/trays album/albums page/pages
        """)
    private static let places =
        """
        box garden park basket room store school drawer house shop kitchen library classroom yard bag barn pond tree \
        street zoo farm field
        """.split(separator: " ").map(String.init)
    private static let kinds = ["things", "items", "toys", "gifts", "goods", "treats"]
    private static let companions = ["friends", "students", "children", "people", "cousins", "boys", "girls", "kids"]
    private static let visitors = pairs(
        "boy/boys girl/girls man/men woman/women child/children adult/adults student/students teacher/teachers")
    private static let times = [
        ["in the morning", "in the afternoon", "in the evening"], ["on monday", "on tuesday", "on wednesday"],
        ["on friday", "on saturday", "on sunday"], ["yesterday", "today", "the day before"],
        ["last week", "this week", "two weeks ago"], ["in march", "in april", "in may"],
        ["in the first game", "in the second game", "in the third game"], ["last year", "this year", "two years ago"],
        ["before lunch", "after lunch", "after dinner"], ["at home", "at school", "at the park"],
        ["on the first day", "on the second day", "on the third day"],
    ]
    private static let deeds = pairs(
        """
        find/found make/made pick/picked collect/collected catch/caught sell/sold buy/bought read/read bake/baked \
        wash/washed see/saw count/counted plant/planted play/played write/wrote use/used eat/ate draw/drew build/built \
        win/won serve/served solve/solved cook/cooked earn/earned carry/carried paint/painted pack/packed take/took \
        get/got visit/visited drink/drank carve/carved type/typed clean/cleaned fold/folded
        """)
    private static let gains = pairs(
        """
        find/found buy/bought get/got receive/received pick/picked collect/collected win/won make/made earn/earned \
        gather/gathered borrow/borrowed
        """)
    private static let losses = pairs(
        """
        lose/lost sell/sold eat/ate use/used break/broke drop/dropped give_away/gave_away throw_away/threw_away \
        donate/donated remove/removed share/shared trade/traded waste/wasted
        """)
    private static let qualities =
        "red blue green yellow black purple orange pink big small old new large short tall"
        .split(separator: " ").map(String.init)
}

extension RandomSource {
    /// So many different elements, in random order.
    fileprivate mutating func distinct<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        var rest = elements
        return (0..<count).map { _ in rest.remove(at: integer(0...rest.count - 1)) }
    }
}
