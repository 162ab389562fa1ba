internal import HoneProblems

/// Which words a reader of word problems meets as themselves, and what the others are called.
///
/// A few thousand problems hold most names and things too seldom to learn them from. What a problem asks of a reader is
/// to see which of them are the same, so all but the common words are given names. Those of the question are `qa`, `qb`
/// and so on in its order, wherever they stand in the problem, and the others have names that differ from problem to
/// problem: "Ann has 5 pens and 7 cups. How many pens does Ann have?" is read as
/// `qb has A qa and B zk . how many qa does qb have ?`. Verbs, measures, and words that say how amounts belong together
/// stay.
struct WordNames {
    private var names: [String: String] = [:]
    /// What no word is called yet, the next one last.
    private var free: [String]

    /// The names for one text, whose words are parted by spaces, and other ones for each `naming`.
    init(for text: String, naming: Int) {
        var random = RandomSource(seed: stableHash(of: "names \(naming) \(text)"))
        free = random.shuffled(Self.all)
        let words = Self.parted(text)
        var asked = Self.asked[...]
        for word in words[Self.questionStart(in: words)...] where Self.isNamed(word) {
            let stem = Self.stem(of: word)
            if names[stem] == nil, let name = asked.popFirst() { names[stem] = name }
        }
    }

    /// The text with names for all words but the common ones.
    mutating func applied(to text: String) -> String {
        Self.parted(text).map { name(of: $0) }.joined(separator: " ")
    }

    /// Words and signs; "mike's" is two words.
    static func parted(_ text: String) -> [String] {
        text.split(separator: " ").flatMap { word -> [String] in
            guard let end = word.firstIndex(of: "'"), end > word.startIndex else { return [String(word)] }
            return [String(word[..<end]), String(word[end...])]
        }
    }

    /// Where the last "how" stands, or else the last sentence begins.
    static func questionStart(in words: [String]) -> Int {
        if let how = words.lastIndex(of: "how") { return how }
        return words.dropLast().lastIndex { [".", "?", "!"].contains($0) }.map { $0 + 1 } ?? 0
    }

    private mutating func name(of word: String) -> String {
        guard Self.isNamed(word) else { return word }
        let stem = Self.stem(of: word)
        if let name = names[stem] { return name }
        if free.isEmpty { free = Self.all }
        let name = free.removeLast()
        names[stem] = name
        return name
    }

    /// Whether a word in lower case is called by a name.
    static func isNamed(_ word: String) -> Bool {
        word.count > 1 && word.allSatisfy { $0.isLetter && !$0.isUppercase } && !common.contains(word)
    }

    /// One for all forms of a regular word, good enough to see that they are one.
    static func stem(of word: String) -> String {
        var stem = word
        for (ending, rest) in endings where word.hasSuffix(ending) && word.count - ending.count >= 3 {
            guard ending != "s" || !word.hasSuffix("ss") else { continue }
            stem = word.dropLast(ending.count) + rest
            break
        }
        return stem.count > 3 && stem.last == "e" ? String(stem.dropLast()) : stem
    }

    private static let endings = [
        ("ies", "y"), ("ves", "f"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("oes", "o"),
        ("ing", ""), ("ed", ""), ("s", ""),
    ]

    private static let all = ["x", "z"].flatMap { first in "abcdefghijklmnopqrstuvwxyz".map { "\(first)\($0)" } }
    private static let asked = "abcdefghijklmnopqrst".map { "q\($0)" }

    private static let common: Set<String> = Set(
        """
        a able about across add added adding additional adds adult adults after again age ago all along already also \
        altogether am among amount an and animal animals another answer answered any are aren around arrange arranged \
        arrive arrived arrives as ask asked at ate average away back bake baked bakes baking be became because become \
        been before began begin beginning begins being besides better between bigger bill borrow borrowed borrows both \
        bought boy boys break breaks bring bringing brings broke broken brought build building builds built but buy \
        buying buys by call called came can catch catches caught cent centimeter centimeters cents change changed \
        changes charge charged cheaper child children cm colder collect collected collecting collects combined come \
        comes coming complete completed contain contained contains cook cooked cooks cost costing costs could couldn \
        count counted couple cover covered cup cups currently cut cuts d day days decide decided decrease decreased \
        deeper degree degrees delete deleted did didn die died difference different discount distance divide divided \
        divides do does doesn dollar dollars don donate donated done double down download downloaded dozen dr drank \
        draw drawn draws drew drink drinks drive drives drop dropped drove during each earlier earn earned earning \
        earns eat eaten eating eats eight either end enough entire equal equally every exactly except expensive extra \
        fall fallen far farther faster feet fell few fewer fifth fill filled fills final finally find finding finds \
        finish finished finishes first fit fits five flew flies fly foot for found four fourth from further gallon \
        gallons gave get gets getting girl girls give given gives giving go goes going gone got gotten gram grams \
        greater grew group groups grow grown grows had hadn half hand handed has hasn have haven having he heavier \
        height held help helped her here herself high higher him himself hire hired his hold holding holds hour hours \
        how i if in inch inches increase increased initially inside into is isn it item items its join joined joins \
        jump jumped just keep keeps kept kg kid kids kilogram kilograms kilometer kilometers kind kinds km knew know \
        larger last later lbs least leave leaves leaving left lend length lent less let lighter like liked liter \
        liters ll long longer longest lose loses losing lost lot lots lower made make makes making man many may me \
        measure measured meet men met meter meters might mile miles minute minutes miss missed money month months more \
        most move moved mr mrs ms much must my n need needed needs neither new next nine no none not now number of off \
        old older oldest on once one ones only onto or order ordered organize organized originally other others ounce \
        ounces our out outside over own owned owns pack packed page pages paid pair pairs part parts pass passed pay \
        paying pays people per percent person persons pick picked picking picks piece pieces place placed places plan \
        planned plans plant planted planting plants play played playing plays point points pound pounds price prices \
        problem problems profit purchase purchased put puts putting question questions ran rate re read reading reads \
        receive received receives recycle recycled remain remainder remained remaining remains remove removed removes \
        rent rented rest return returned ride rides riding rode row rows run running runs s said same save saved saves \
        saving saw say score scored scores second seconds see seen sees sell selling sells send sends sent serve \
        served serves set sets seven several share shared shares she short shorter shortest should show showed since \
        sit sitting six size sleep slept slower smaller so sold solve solved some sort speed spend spending spends \
        spent split splits stand standing start started starting starts stay stayed stays still stop stopped stops \
        student students sum swam swim t take taken takes taking tall taller tallest tell ten than that the their them \
        themselves then there these they thing things third this those though three threw thrice through throw throws \
        time times to today together told tomorrow ton tons too took total trade traded transfer transferred travel \
        traveled travels tried triple try turn turned twice two type types under until up upon us use used uses using \
        ve visit visited visits walk walked walking walks want wanted wants warmer was wash washed washes wasn watch \
        watched we wear week weeks weigh weighed weighs weight went were weren what when where whether which while who \
        whole why wider will win wins with within without woman women won wore work worked working works worth would \
        wouldn wrap wrapped write writes written wrote yard yards year years yesterday you younger your
        """.split(separator: " ").map(String.init))
}
