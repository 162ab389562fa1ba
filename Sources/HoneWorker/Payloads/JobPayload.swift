import Foundation

/// What a job asks for, decoded from its payload. Errors name the key at fault, and a key that the kind does not know
/// is an error too: a misspelt option must not be passed over.
protocol JobPayload: Decodable, Sendable {
    associatedtype CodingKeys: CodingKey, CaseIterable

    /// Looks at what the types do not say, such as ranges.
    func validate() throws(WorkerError)
}

extension JobPayload {
    func validate() throws(WorkerError) {}

    /// - Throws: `WorkerError.payload`.
    init(json: Data) throws(WorkerError) {
        let decoder = JSONDecoder()
        do {
            let present = try decoder.decode([String: Anything].self, from: json).keys
            let known = Set(CodingKeys.allCases.map(\.stringValue))
            if let stranger = present.sorted().first(where: { !known.contains($0) }) {
                let names = known.sorted().joined(separator: ", ")
                throw WorkerError.payload(key: stranger, fault: "is not an option of this kind; it has: \(names)")
            }
            self = try decoder.decode(Self.self, from: json)
        } catch let error as DecodingError {
            throw MisfitNumber.find(behind: error, in: json, of: Self.self)?.error ?? WorkerError(error)
        } catch let error as WorkerError {
            throw error
        } catch {
            throw .payload(key: nil, fault: "\(error)")
        }
        try validate()
    }

    /// Refuses a value outside its range.
    func require(_ holds: Bool, _ key: CodingKeys, _ fault: String) throws(WorkerError) {
        if !holds { throw .payload(key: key.stringValue, fault: fault) }
    }
}

/// Stands for any JSON value that is not read.
private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
}

extension WorkerError {
    /// Says in a sentence what the JSON decoder found.
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self = .payload(key: Self.place(context.codingPath + [key]), fault: "is missing")
        case .valueNotFound(_, let context):
            self = .payload(key: Self.place(context.codingPath), fault: "is null")
        case .typeMismatch(let type, let context):
            self = .payload(key: Self.place(context.codingPath), fault: "must be \(Self.noun(type))")
        case .dataCorrupted(let context):
            self = .payload(key: Self.place(context.codingPath), fault: context.debugDescription)
        @unknown default:
            self = .payload(key: nil, fault: "\(error)")
        }
    }

    static func place(_ path: [any CodingKey]) -> String? {
        guard let first = path.first else { return nil }
        return path.dropFirst().reduce(first.stringValue) { text, key in
            key.intValue.map { "\(text)[\($0)]" } ?? "\(text).\(key.stringValue)"
        }
    }

    private static func noun(_ type: any Any.Type) -> String {
        switch type {
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is [Any].Type: "an array"
        default: "an object"
        }
    }
}

/// Any key at all, to find those that nothing reads.
private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}

extension Decoder {
    /// Refuses a key that the type does not know, inside a payload as at its top.
    func refuseStrangers<Key: CodingKey & CaseIterable>(_ type: Key.Type) throws {
        let known = Set(Key.allCases.map(\.stringValue))
        let strangers = try container(keyedBy: AnyKey.self).allKeys.filter { !known.contains($0.stringValue) }
        guard let stranger = strangers.min(by: { $0.stringValue < $1.stringValue }) else { return }
        throw DecodingError.dataCorrupted(
            DecodingError.Context(
                codingPath: codingPath + [stranger],
                debugDescription: "is not an option here; there are: \(known.sorted().joined(separator: ", "))"))
    }
}
