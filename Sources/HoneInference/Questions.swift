import HoneGrammar
import HoneModel
import HoneTokenizer

/// The requests of one call, each checked, and what their answers begin with.
struct Questions {
    let requests: [GenerationRequest]
    /// Of the requests whose answers have a format.
    private let automata: [FormatAutomaton?]
    private let contextLength: Int
    private let tokenizer: any Tokenizer

    /// - Throws: `InferenceError` for the first request that cannot be answered.
    init(
        _ requests: [GenerationRequest], to configuration: ModelConfiguration, _ limits: GenerationLimits,
        _ formats: FormatLibrary, _ tokenizer: any Tokenizer
    ) throws(InferenceError) {
        var automata: [FormatAutomaton?] = []
        for (position, request) in requests.enumerated() {
            try request.check(at: position, configuration, limits)
            automata.append(try formats.automaton(for: request.format, of: position))
        }
        self.automata = automata
        self.requests = requests
        contextLength = configuration.maxPositionCount
        self.tokenizer = tokenizer
    }

    /// Positions in the order in which answers are begun: those that may become the longest first, so that the last
    /// ones to run are short and few steps have empty places (longest processing time first, Graham 1969, "Bounds on
    /// multiprocessing timing anomalies"); of equal ones as asked.
    var order: [Int] {
        let lengths = requests.map { $0.tokenCount(contextLength: contextLength) - $0.prompt.count }
        return requests.indices.sorted { (-lengths[$0], $0) < (-lengths[$1], $1) }
    }

    /// Of the request at this position, with nothing written; `number` is what the answer calls it, the position if
    /// left out.
    func answer(_ position: Int, as number: Int? = nil) -> Answer {
        Answer(
            to: requests[position], at: number ?? position, contextLength: contextLength,
            automaton: automata[position], tokenizer)
    }
}

/// The questions of several calls, numbered through.
struct NumberedQuestions {
    private var calls: [(numbers: Range<Int>, questions: Questions)] = []
    private var count = 0

    mutating func add(_ questions: Questions) -> Range<Int> {
        let numbers = count..<count + questions.requests.count
        count = numbers.upperBound
        calls.append((numbers, questions))
        return numbers
    }

    mutating func remove(_ numbers: Range<Int>) { calls.removeAll { $0.numbers == numbers } }

    subscript(number: Int) -> GenerationRequest {
        let call = place(of: number)
        return calls[call].questions.requests[number - calls[call].numbers.lowerBound]
    }

    /// Of the request of this number, with nothing written.
    func answer(_ number: Int) -> Answer {
        let call = place(of: number)
        return calls[call].questions.answer(number - calls[call].numbers.lowerBound, as: number)
    }

    private func place(of number: Int) -> Int {
        guard let place = calls.firstIndex(where: { $0.numbers.contains(number) }) else {
            preconditionFailure("a request of a call that has ended")
        }
        return place
    }
}

extension Array {
    /// Removes the elements of which something holds, and gives them; asks once about each, since what somebody wants
    /// may change in between.
    mutating func extract(where holds: (Element) -> Bool) -> [Element] {
        var (found, kept): ([Element], [Element]) = ([], [])
        for element in self {
            if holds(element) { found.append(element) } else { kept.append(element) }
        }
        if !found.isEmpty { self = kept }
        return found
    }
}

extension FormatLibrary {
    /// The automaton of a request's format; `position` is the request's.
    func automaton(for format: AnswerFormat?, of position: Int) throws(InferenceError) -> FormatAutomaton? {
        guard let format else { return nil }
        do throws(FormatError) {
            return try automaton(for: format)
        } catch {
            throw .format(request: position, error)
        }
    }
}
