public import HonePostgres

/// One example of a data cut.
public struct CutExample: Sendable {
    public let id: Int64
    public let prompt: String
    public let answer: String
    public let steps: [String]
    public let level: Int?

    public init(id: Int64, prompt: String, answer: String, steps: [String], level: Int?) {
        self.id = id
        self.prompt = prompt
        self.answer = answer
        self.steps = steps
        self.level = level
    }
}

/// Which examples of a cut are wanted.
public struct CutSelection: Sendable {
    /// At most so many, the earliest ones.
    public var limit: Int?
    /// At most so many of each level, the earliest ones.
    public var perLevel: Int?

    public init(limit: Int? = nil, perLevel: Int? = nil) {
        self.limit = limit
        self.perLevel = perLevel
    }
}

extension DataCut {
    /// How many rows one statement brings.
    private static let pageCount = 5000

    /// All examples of the cut in the order of their ids.
    /// - Throws: `CatalogError.dataChanged` if they are not those that it was taken from.
    public func examples(from session: any PostgresSession) async throws -> [CutExample] {
        var examples: [CutExample] = []
        examples.reserveCapacity(count)
        try await visit(from: session) { examples += $0 }
        return examples
    }

    /// Shows all examples of the cut in the order of their ids, page after page.
    /// - Throws: `CatalogError.dataChanged` at the end if they are not those that it was taken from, or what `body`
    ///   throws.
    public func visit(from session: any PostgresSession, _ body: ([CutExample]) throws -> Void) async throws {
        var (visitedCount, lastID): (Int, Int64) = (0, 0)
        while true {
            let page = try await session.query(
                PostgresQuery(
                    """
                    SELECT e.id, e.prompt, e.answer, e.steps, e.level
                    FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
                    WHERE d.name = \(dataset) AND e.split = \(split) AND e.id <@ \(ids)::int8multirange
                        AND e.id > \(lastID)
                    ORDER BY e.id LIMIT \(Self.pageCount)
                    """
                ).named("read examples")
            ).map(CutExample.init)
            visitedCount += page.count
            lastID = page.last?.id ?? lastID
            try body(page)
            if page.count < Self.pageCount { break }
        }
        guard visitedCount == count else { throw CatalogError.dataChanged(dataset: dataset, split: split) }
    }

    /// The wanted examples of the cut in the order of their ids.
    public func examples(_ selection: CutSelection, from session: any PostgresSession) async throws -> [CutExample] {
        try await session.query(
            PostgresQuery(
                """
                SELECT s.id, s.prompt, s.answer, s.steps, s.level
                FROM (
                    SELECT e.*, row_number() OVER (PARTITION BY e.level ORDER BY e.id) AS place
                    FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
                    WHERE d.name = \(dataset) AND e.split = \(split) AND e.id <@ \(ids)::int8multirange
                ) s
                WHERE \(selection.perLevel) IS NULL OR s.place <= \(selection.perLevel)
                ORDER BY s.id LIMIT \(selection.limit)
                """
            ).named("read examples")
        ).map(CutExample.init)
    }
}

extension CutExample {
    fileprivate init(_ row: PostgresRow) throws {
        id = try row.decode("id")
        prompt = try row.decode("prompt")
        answer = try row.decode("answer")
        steps = try row.decode("steps", as: PostgresJSON.self).decode([String].self)
        level = try row.decode("level", as: Int16?.self).map(Int.init)
    }

    /// Single examples by their ids, smallest first.
    public static func find(_ ids: [Int64], in session: any PostgresSession) async throws -> [CutExample] {
        try await session.query(
            PostgresQuery(
                """
                SELECT e.id, e.prompt, e.answer, e.steps, e.level FROM hone.examples e
                WHERE e.id = ANY (\(ids)) ORDER BY e.id
                """
            ).named("read examples")
        ).map(CutExample.init)
    }

    /// Those of the ids that are no example's.
    public static func unknown(among ids: [Int64], in session: any PostgresSession) async throws -> Set<Int64> {
        if ids.isEmpty { return [] }
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT i AS id FROM unnest(\(ids)) AS i
                WHERE NOT EXISTS (SELECT FROM hone.examples e WHERE e.id = i)
                """
            ).named("look for unknown examples"))
        return Set(try rows.map { try $0.decode("id", as: Int64.self) })
    }
}
