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

    /// Of the request at this position, with nothing written.
    func answer(_ position: Int) -> Answer {
        Answer(
            to: requests[position], at: position, contextLength: contextLength, automaton: automata[position],
            tokenizer)
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
