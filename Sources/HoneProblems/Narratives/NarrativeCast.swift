/// Who and what a narrative is about: one filling of its roles.
///
/// `{P}`, `{Q}` and `{R}` are people, `{he}`, `{his}` and `{him}` speak of the first. `{T}`, `{U}`, `{V}` and `{W}`
/// are things in the plural, small letters in the singular; `{C}` and `{c}` are what holds them, `{L}` is a place,
/// `{A}` and `{B}` are qualities.
package struct NarrativeCast {
    private let words: [Substring: String]

    init(_ random: inout RandomSource) {
        let people = random.distinct(3, of: Self.people)
        let things = random.chance(percent: 15) ? Self.varieties(&random) : random.distinct(4, of: Self.things)
        let container = random.element(of: Self.containers)
        let qualities = random.distinct(2, of: Self.qualities)
        let usesPronoun = random.chance(percent: 70)
        let isShe = people[0].isShe
        var words: [Substring: String] = [
            "P": people[0].name, "Q": people[1].name, "R": people[2].name,
            "he": usesPronoun ? (isShe ? "she" : "he") : people[0].name,
            "his": isShe ? "her" : "his", "him": isShe ? "her" : "him", "C": container.plural, "c": container.singular,
            "L": random.element(of: Self.places), "A": qualities[0], "B": qualities[1],
        ]
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

    package struct Thing: Sendable {
        package let singular: String
        package let plural: String
    }

    /// Red balloons, blue balloons and so on: things that are told apart by one word.
    private static func varieties(_ random: inout RandomSource) -> [Thing] {
        let thing = random.element(of: things)
        return random.distinct(4, of: qualities).map {
            Thing(singular: "\($0) \(thing.singular)", plural: "\($0) \(thing.plural)")
        }
    }

    private static func pairs(_ text: String) -> [Thing] {
        text.split { $0 == " " || $0 == "\n" }.map { word in
            let forms = word.split(separator: "/").map(String.init)
            return Thing(singular: forms[0], plural: forms[forms.count - 1])
        }
    }

    package static let people =
        """
        John Tom Sam Mike Dan Tim Jason Keith Fred Adam Bob Carl David Eric Frank Henry Jack Kevin Luke Nathan Oscar \
        Paul Ryan Steve Brian Josh Robin
        """.split(separator: " ").map { (name: String($0), isShe: false) }
            + """
            Mary Sally Joan Sara Jessica Nancy Melanie Lisa Amy \
            Anna Betty Carol Diane Emily Faye Grace Helen Iris Julia \
            Kate Linda Megan Olivia Pam Rachel Sandy Tina Vivian Haley Paige
            """.split(separator: " ").map { (name: String($0), isShe: true) }

    package static let things = pairs(
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
