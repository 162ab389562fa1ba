import HoneGrammar
import HoneModel
import HoneTensor
import HoneTokenizer
import Synchronization
import Testing

@testable import HoneInference

@Suite struct SharedLoopTests {
    private static let shape = ModelConfiguration(
        vocabularySize: 260, hiddenSize: 32, intermediateSize: 48, layerCount: 2, headCount: 4, kvHeadCount: 2,
        maxPositionCount: 96, initializerRange: 0.3)
    private let newcomers = CallQueue()

    private var limits: GenerationLimits {
        var limits = GenerationLimits()
        limits.batchSize = 4
        limits.draftedRowCount = 0
        return limits
    }

    private var model: CausalLanguageModel { CausalLanguageModel(Self.shape, generator: Generator(seed: 11)) }

    private func generator() -> TextGenerator {
        TextGenerator(model: model, tokenizer: ByteTokenizer(), endTokens: [], limits: limits)
    }

    private func requests(_ lengths: [Int], seed: Int = 0) -> [GenerationRequest] {
        lengths.enumerated().map { number, length in
            GenerationRequest(
                prompt: [Int32(number % 250), Int32(seed)], maximumNewTokens: length,
                sampling: SamplingParameters(temperature: 0.9, seed: UInt64(number)))
        }
    }

    private func call(
        _ requests: [GenerationRequest], onStep: @escaping @Sendable (GenerationProgress) throws -> Void = { _ in },
        isWanted: @escaping @Sendable (_ request: Int) -> Bool = { _ in true }
    ) throws -> GenerationCall {
        let tokenizer = ByteTokenizer()
        let formats = FormatLibrary(tokenizer, vocabularySize: Self.shape.vocabularySize, endTokens: [])
        return GenerationCall(
            try Questions(requests, to: Self.shape, limits, formats, tokenizer), onStep: onStep, isWanted: isWanted)
    }

    @Test func `a call that comes later takes the places that others leave, and each ends by itself`() throws {
        let (early, late) = (requests([14, 4, 4, 4]), requests([6, 8, 5], seed: 9))
        let progress = Mutex<[GenerationProgress]>([])
        let second = try call(late, onStep: { step in progress.withLock { $0.append(step) } })
        let stepCount = Mutex(0)
        let first = try call(
            early,
            onStep: { [newcomers] _ in
                let count = stepCount.withLock { count in
                    count += 1
                    return count
                }
                if count == 2 { newcomers.append(second) }
            })
        var loop = try #require(generator().sharedLoop(newcomers))
        newcomers.append(first)
        loop.advance()
        #expect(stepCount.withLock { $0 } == 12, "4 steps for the short ones, 8 behind them")
        #expect(first.outcome == nil)
        let found = try second.outcome?.get()
        let alone = try generator().generate(late)
        #expect(found == alone)
        loop.advance()
        #expect(stepCount.withLock { $0 } == 14)
        #expect(try first.outcome?.get() == generator().generate(early))
        let steps = progress.withLock { $0 }
        #expect(steps.count == 10, "2 steps without a place, then 8")
        #expect(steps.map(\.tokenCount) == [0, 0, 3, 6, 9, 12, 15, 17, 18, 19])
        #expect(steps.last == GenerationProgress(requestCount: 3, finishedCount: 3, tokenCount: 19))
    }

    @Test func `what ends one call ends no other`() throws {
        struct Enough: Error {}
        let long = requests([20, 18])
        let steady = try call(long)
        let failing = try call(
            requests([30, 30, 30], seed: 1), onStep: { if $0.tokenCount > 5 { throw Enough() } })
        let cancelled = try call(requests([40], seed: 2))
        let dropped = try call(requests([40, 2], seed: 3), isWanted: { $0 == 1 })
        let empty = try call([])
        var loop = try #require(generator().sharedLoop(newcomers))
        for call in [steady, failing, cancelled, dropped, empty] { newcomers.append(call) }
        loop.advance()
        #expect(try empty.outcome?.get() == [])
        loop.advance()
        #expect(throws: Enough.self) { try failing.outcome?.get() }
        #expect(steady.outcome == nil)
        cancelled.cancel()
        loop.advance()
        #expect(throws: CancellationError.self) { try cancelled.outcome?.get() }
        loop.finish()
        #expect(try steady.outcome?.get() == generator().generate(long))
        let kept = try dropped.outcome?.get()
        #expect(kept?[0] == .nothing && kept?[1].tokens.count == 2)
    }

    @Test func `a call ends also where nobody wants it any more while it is asked about`() throws {
        for limit in 0..<30 {
            let askedCount = Mutex(0)
            let lengths = [Int](repeating: 6, count: 9)
            let call = try call(
                requests(lengths),
                isWanted: { _ in
                    askedCount.withLock { count in
                        count += 1
                        return count <= limit
                    }
                })
            var loop = try #require(generator().sharedLoop(newcomers))
            newcomers.append(call)
            loop.advance()
            #expect(try call.outcome?.get().count == lengths.count)
        }
    }

    @Test func `callers of an engine do not wait for each other`() async throws {
        let engine = GenerationEngine(model: model, tokenizer: ByteTokenizer(), endTokens: [], limits: limits)
        let isAnswered = Mutex(false)
        // Far more than is ever written: nobody wants it any more once the other caller has its answer.
        let many = requests([Int](repeating: 90, count: 4000))
        async let endless = engine.generate(many, isWanted: { _ in !isAnswered.withLock { $0 } })
        let few = requests([3, 5], seed: 7)
        let answered = try await engine.generate(few)
        isAnswered.withLock { $0 = true }
        let alone = try generator().generate(few)
        #expect(answered == alone)
        let left = try await endless
        #expect(left.contains(.nothing), "it was being answered all the while")
    }
}
