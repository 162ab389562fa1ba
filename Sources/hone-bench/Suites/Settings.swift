import Foundation

/// Settings as JSON on the command line.
enum Settings {
    /// The settings with those of a JSON object in the place of some.
    static func overlay<Value: Codable>(_ text: String, on settings: Value) throws -> Value {
        func object(_ data: Data) throws -> [String: Any] {
            guard let found = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
                throw CocoaError(.propertyListReadCorrupt)
            }
            return found
        }
        let merged = overlay(try object(Data(text.utf8)), on: try object(JSONEncoder().encode(settings)))
        return try JSONDecoder().decode(Value.self, from: JSONSerialization.data(withJSONObject: merged))
    }

    private static func overlay(_ top: [String: Any], on bottom: [String: Any]) -> [String: Any] {
        bottom.merging(top) { old, new in
            guard let old = old as? [String: Any], let new = new as? [String: Any] else { return new }
            return overlay(new, on: old)
        }
    }
}
