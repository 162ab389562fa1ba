public import HoneDatasets
public import HonePostgres

/// Fills `${stage.field}` in a stage's payload with what the stages before it returned.
public enum PipelineReferences {
    /// The payload with every reference replaced: a text that is nothing else takes the field's JSON value, a longer
    /// one its text.
    /// - Throws: `PipelineError.unresolved` if a stage or a field is not there.
    public static func resolve(
        _ payload: PostgresJSON, run: Int64, in session: some PostgresSession
    ) async throws -> PostgresJSON {
        guard payload.text.contains("${") else { return payload }
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT s.name, r.result FROM hone.stages s JOIN hone.results r ON r.job_id = s.job_id
                WHERE s.run_id = \(run) AND r.result IS NOT NULL
                """
            ).named("results of a run's stages"))
        var results: [String: JSONValue] = [:]
        for row in rows {
            let (name, result) = try row.decode(String.self, PostgresJSON.self)
            results[name] = try result.decode()
        }
        return try PostgresJSON(encoding: resolve(payload.decode(JSONValue.self), results))
    }

    /// The same with the results at hand, by stage name.
    public static func resolve(
        _ value: JSONValue, _ results: [String: JSONValue]
    ) throws(PipelineError) -> JSONValue {
        switch value {
        case .string(let text): return try resolve(text, results)
        case .array(let elements):
            return .array(try elements.map { element throws(PipelineError) in try resolve(element, results) })
        case .object(let members):
            var resolved: [String: JSONValue] = [:]
            for (key, member) in members { resolved[key] = try resolve(member, results) }
            return .object(resolved)
        case .null, .bool, .integer, .number: return value
        }
    }

    private static func resolve(_ text: String, _ results: [String: JSONValue]) throws(PipelineError) -> JSONValue {
        let pieces = ReferenceText(text).pieces
        if case .reference(let source, let field)? = pieces.first, pieces.count == 1 {
            return try lookUp(source, field, results)
        }
        var filled = ""
        for piece in pieces {
            switch piece {
            case .text(let text), .malformed(let text): filled += text
            case .reference(let source, let field): filled += try lookUp(source, field, results).text
            }
        }
        return .string(filled)
    }

    private static func lookUp(
        _ source: String, _ field: String, _ results: [String: JSONValue]
    ) throws(PipelineError) -> JSONValue {
        guard case .object(let result)? = results[source] else {
            throw .unresolved(reference: "\(source).\(field)", reason: "stage '\(source)' has returned nothing")
        }
        guard let value = result[field] else {
            let known = result.keys.sorted().joined(separator: ", ")
            throw .unresolved(
                reference: "\(source).\(field)",
                reason: "stage '\(source)' returned only \(known.isEmpty ? "{}" : known)")
        }
        return value
    }
}

extension JSONValue {
    /// As it stands inside a longer text.
    fileprivate var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value
        case .array(let elements): "[\(elements.map(\.text).joined(separator: ", "))]"
        case .object(let members):
            "{\(members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", "))}"
        }
    }
}
