import HoneCatalog
import HoneFeedback
import HoneInference
import HonePostgres
import HoneProblems
import HoneQueue

/// `sample`: answers a dataset's prompts with a checkpoint, several times each, and makes label tasks about the
/// answers. What `reason` is to one prompt, this is to a stage of a pipeline.
struct SampleHandler: JobHandler {
    static let kind = "sample"

    let resources: WorkerResources

    private struct Result: Encodable {
        let checkpoint: Int64
        let dataset: String
        let samples: Int
        /// New label tasks.
        let tasks: Int
    }

    private struct Progress: Encodable {
        let done: Int
        let total: Int
    }

    /// As many as a task can have.
    private static let labellersOfGold = 100

    /// Prompts between two reports of progress.
    private static let sliceCount = 128

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(SamplePayload.self, of: job)
            let cut = try await cut(payload, context.pool)
            let examples = try await cut.examples(
                CutSelection(limit: payload.limit, perLevel: payload.perLevel), from: context.pool)
            let (samples, routes) = try await answer(examples, payload, job, context)
            let urgency = try await urgency(of: examples, samples, payload, cut, context.pool)
            try await context.complete(
                job,
                producing: { transaction in
                    try await Samples.record(samples, in: transaction)
                    try await Samples.record(routes, in: transaction)
                    let tasks = try await ask(payload, urgency, in: transaction)
                    return try PostgresJSON(
                        encoding: Result(
                            checkpoint: payload.checkpoint, dataset: payload.dataset, samples: samples.count,
                            tasks: tasks))
                })
        }
    }

    private func cut(_ payload: SamplePayload, _ pool: PostgresPool) async throws -> DataCut {
        if let cut = payload.cut { return cut }
        return try await DataCut.take(dataset: payload.dataset, split: payload.split ?? "train", from: pool)
    }

    private func answer(
        _ examples: [CutExample], _ payload: SamplePayload, _ job: ClaimedJob, _ context: JobContext
    ) async throws -> (samples: [NewSample], routes: [NewSampleRoute]) {
        let model = try await resources.checkpoints.load(payload.checkpoint, threads: resources.threads)
        var (samples, routes): ([NewSample], [NewSampleRoute]) = ([], [])
        for start in stride(from: 0, to: examples.count, by: Self.sliceCount) {
            guard context.isWanted(job), !context.isDraining else { throw CancellationError() }
            let slice = examples[start..<min(examples.count, start + Self.sliceCount)]
            let requests = try slice.flatMap { example in
                try (0..<payload.samples).map { try payload.request(to: model, example, ordinal: $0) }
            }
            let asked = requests.enumerated().map { place, request in
                (prompt: slice[slice.startIndex + place / payload.samples].prompt, request: request)
            }
            for (place, answer) in try await model.answer(asked, plan: payload.routing?.plan).enumerated() {
                let example = slice[slice.startIndex + place / payload.samples]
                let sample = NewSample(
                    job: job, ordinal: samples.count, checkpoint: payload.checkpoint, example: example.id,
                    prompt: example.prompt, result: answer.result,
                    verdict: SolutionChecker().check(
                        answer.result.text, prompt: example.prompt, reference: example.answer),
                    isScored: !example.answer.isEmpty)
                samples.append(sample)
                if let route = answer.route, let settings = payload.routing {
                    routes.append(NewSampleRoute(of: sample, route, by: settings))
                }
            }
            try await context.report(
                PostgresJSON(encoding: Progress(done: start + slice.count, total: examples.count)), for: job)
        }
        return (samples, routes)
    }

    /// By prompt; empty where the order is that of the examples.
    private func urgency(
        of examples: [CutExample], _ samples: [NewSample], _ payload: SamplePayload, _ cut: DataCut,
        _ pool: PostgresPool
    ) async throws -> [String: Int] {
        guard let order = payload.label?.order else { return [:] }
        func shape(_ example: CutExample) -> String {
            TemplateSignature(prompt: example.prompt, steps: example.steps).description
        }
        var shapes: [String: Int] = [:]
        try await cut.visit(from: pool) { page in
            for example in page { shapes[shape(example), default: 0] += 1 }
        }
        let urgency = LabelUrgency(order, shapes: shapes)
        var bands: [String: Int] = [:]
        for (number, example) in examples.enumerated() {
            let answers = samples[number * payload.samples..<(number + 1) * payload.samples]
            let band = urgency.band(shape: shape(example), results: answers.map(\.answer))
            bands[example.prompt] = max(band, bands[example.prompt] ?? 0)
        }
        return bands
    }

    private func ask(
        _ payload: SamplePayload, _ urgency: [String: Int], in transaction: PostgresConnection
    ) async throws -> Int {
        guard let label = payload.label else { return 0 }
        var count = 0
        for kind in label.kinds {
            var request = LabelRequest(kind, checkpoint: payload.checkpoint, dataset: payload.dataset)
            request.source = label.source
            request.wanted = label.wanted
            request.perPrompt = label.perPrompt
            request.urgency = urgency
            count += try await LabelTasks.create(request, in: transaction)
            if let gold = label.gold, gold > 0 {
                _ = try await GoldQuestions.add(
                    request, count: gold, labellers: Self.labellersOfGold, in: transaction)
            }
        }
        return count
    }
}

extension SamplePayload {
    /// The draws depend on the seed, the example and the answer's number alone.
    fileprivate func request(to model: LoadedModel, _ example: CutExample, ordinal: Int) throws -> GenerationRequest {
        let draw = (seed ?? 0) &+ UInt64(bitPattern: example.id) &* 1_000_003 &+ UInt64(ordinal)
        return try model.request(
            else: example.prompt, maximumNewTokens: maxNewTokens ?? EvaluateHandler.defaultNewTokens,
            sampling: SamplingParameters(temperature: temperature ?? 1, seed: draw), format: format?.format)
    }
}
