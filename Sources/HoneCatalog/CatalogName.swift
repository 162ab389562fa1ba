/// What a model or a freeze may be called, as the database checks it: said before a job has worked for it.
public enum CatalogName {
    public static let rule =
        "must be 1 to 128 letters, digits, dots, dashes and underscores, the first a letter or digit"

    public static func isValid(_ name: String) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            let scalar = Unicode.Scalar(byte)
            return scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        }
        guard let first = name.utf8.first, isWord(first), name.utf8.count <= 128 else { return false }
        return name.utf8.allSatisfy { isWord($0) || "._-".utf8.contains($0) }
    }
}
