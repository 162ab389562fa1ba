public import HoneDatasets

/// A stage's payload as far as it is known before the run: what stages before it will return is still open.
public struct ForeseenPayload: Sendable, Equatable {
    /// With a stand-in at every open place.
    public private(set) var value: JSONValue
    /// Where a value stands of which not even the type is known, as in `configuration.adapters[0].rank`.
    public private(set) var open: Set<String> = []

    /// - Parameters:
    ///   - stage: the stage
    ///   - params: values of the run, over the pipeline's defaults; null where there is none yet
    public init(of stage: PipelineDefinition.Stage, params: [String: JSONValue]) {
        value = .null
        value = fill(.object(stage.with), at: "", params)
    }

    /// Puts another stand-in at an open place.
    public mutating func put(_ standIn: JSONValue, at place: String) {
        value = Self.replace(value, at: "", place, by: standIn)
    }

    private mutating func fill(_ value: JSONValue, at place: String, _ params: [String: JSONValue]) -> JSONValue {
        switch value {
        case .string(let text): return fill(text, at: place, params)
        case .array(let elements):
            return .array(elements.enumerated().map { fill($1, at: "\(place)[\($0)]", params) })
        case .object(let members):
            return .object(
                Dictionary(uniqueKeysWithValues: members.map { ($0, fill($1, at: Self.place($0, in: place), params)) }))
        case .null, .bool, .integer, .number: return value
        }
    }

    private mutating func fill(_ text: String, at place: String, _ params: [String: JSONValue]) -> JSONValue {
        let known = ["params": JSONValue.object(params.filter { $0.value != .null })]
        do {
            return try PipelineReferences.resolve(.string(text), known)
        } catch {
            // What a longer text becomes is a text; a reference alone takes a value of any type.
            if case .reference? = ReferenceText(text).pieces.first, ReferenceText(text).pieces.count == 1 {
                open.insert(place)
            }
            return .string(text)
        }
    }

    private static func place(_ key: String, in outer: String) -> String { outer.isEmpty ? key : "\(outer).\(key)" }

    private static func replace(
        _ value: JSONValue, at here: String, _ place: String, by standIn: JSONValue
    ) -> JSONValue {
        if here == place { return standIn }
        switch value {
        case .array(let elements):
            return .array(elements.enumerated().map { replace($1, at: "\(here)[\($0)]", place, by: standIn) })
        case .object(let members):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: members.map {
                        ($0, replace($1, at: self.place($0, in: here), place, by: standIn))
                    }))
        case .null, .bool, .integer, .number, .string: return value
        }
    }
}
