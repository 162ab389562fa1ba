/// One-dimensional arrays; `[UInt8]` is an exception of the type system, bind `Data` for `bytea`.
extension Array: PostgresEncodable where Element: PostgresEncodable {
    public static var postgresType: PostgresType { Element.postgresType.array }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        let element = Element.postgresType == .unspecified ? PostgresType.text : Element.postgresType
        bytes.append(bigEndian: Int32(isEmpty ? 0 : 1))  // dimensions
        bytes.append(bigEndian: Int32(1))  // may hold NULL
        bytes.append(bigEndian: element.oid)
        if isEmpty { return true }
        bytes.append(bigEndian: Int32(count))
        bytes.append(bigEndian: Int32(1))  // lower bound
        for value in self { value.encodeWithLength(into: &bytes) }
        return true
    }
}

extension PostgresEncodable {
    /// Appends the value behind its length, as arrays and binary COPY have it; NULL has the length -1.
    func encodeWithLength(into bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(bigEndian: Int32(-1))
        guard encode(into: &bytes) else { return }
        let length = UInt32(bytes.count - start - 4)
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> [Element] {
        let dimensionCount: Int32 = try bytes.bigEndian()
        let elementType = PostgresType(oid: try bytes.bigEndian(at: 8))
        if dimensionCount == 0 { return [] }
        guard dimensionCount == 1 else { throw PostgresMismatch("the array has \(dimensionCount) dimensions") }
        let count = Int(try bytes.bigEndian(at: 12, as: Int32.self))
        guard count >= 0, count <= bytes.count / 4 else { throw .type }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            let length = Int(try bytes.bigEndian(at: offset, as: Int32.self))
            offset += 4
            guard length >= 0 else {
                elements.append(try Element.decodeNull())
                continue
            }
            guard offset + length <= bytes.count else { throw PostgresMismatch("the array ends early") }
            elements.append(try Element.decode(bytes.extracting(offset..<offset + length), type: elementType))
            offset += length
        }
        return elements
    }
}
