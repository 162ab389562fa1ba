import Foundation

/// What was done to a checkpoint.
struct CheckpointDamage: CustomStringConvertible {
    enum Kind: String, CaseIterable {
        case torn, flipped, missing
        /// Holds what another file of the checkpoint holds.
        case exchanged
        /// Holds what the file had in the checkpoint before.
        case outdated
    }

    let kind: Kind
    let file: String
    /// The length it is cut to, or the place of the flipped bit.
    var place = 0
    /// The file whose content it has.
    var source = ""

    var description: String { "\(file) \(kind.rawValue) (\(place), \(source))" }
}

/// The sound files of a checkpoint, in memory.
struct CheckpointCopy {
    private let files: [String: Data]

    init(reading directory: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        files = Dictionary(
            uniqueKeysWithValues: try names.map { ($0, try Data(contentsOf: URL(filePath: "\(directory)/\($0)"))) })
    }

    /// Cuts at every 4 KiB first, then anything at random. None leaves the checkpoint as it was.
    func damages(
        _ count: Int, other: CheckpointCopy, using random: inout some RandomNumberGenerator
    ) -> [CheckpointDamage] {
        let names = files.keys.sorted()
        var found = names.flatMap { name in
            stride(from: 0, to: files[name]?.count ?? 0, by: 4096).map {
                CheckpointDamage(kind: .torn, file: name, place: $0)
            }
        }
        while found.count < count {
            guard let name = names.randomElement(using: &random), let size = files[name]?.count, size > 0,
                let kind = CheckpointDamage.Kind.allCases.randomElement(using: &random)
            else { continue }
            var damage = CheckpointDamage(kind: kind, file: name)
            switch kind {
            case .torn: damage.place = Int.random(in: 0..<size, using: &random)
            case .flipped: damage.place = Int.random(in: 0..<8 * size, using: &random)
            case .missing: break
            case .exchanged: damage.source = names.randomElement(using: &random) ?? name
            case .outdated: damage.source = name
            }
            if content(damage, other) != files[name] { found.append(damage) }
        }
        return Array(found.prefix(count))
    }

    func apply(_ damage: CheckpointDamage, to directory: String, other: CheckpointCopy) throws {
        let path = URL(filePath: "\(directory)/\(damage.file)")
        if let content = content(damage, other) {
            try content.write(to: path)
        } else {
            try FileManager.default.removeItem(at: path)
        }
    }

    func restore(_ damage: CheckpointDamage, to directory: String) throws {
        try files[damage.file]?.write(to: URL(filePath: "\(directory)/\(damage.file)"))
    }

    /// What the damaged file holds; nil where it is gone.
    private func content(_ damage: CheckpointDamage, _ other: CheckpointCopy) -> Data? {
        guard var bytes = files[damage.file] else { return nil }
        switch damage.kind {
        case .missing: return nil
        case .torn: return bytes.prefix(damage.place)
        case .exchanged: return files[damage.source]
        case .outdated: return other.files[damage.file]
        case .flipped:
            bytes[damage.place / 8] ^= 1 << UInt8(damage.place % 8)
            return bytes
        }
    }
}
