/// GPT-2's printable character for each byte, as byte-level vocabularies in `tokenizer.json` write them.
enum ByteAlphabet {
    /// Printable bytes stand for themselves; the n-th other byte is U+0100 + n.
    static let scalarOfByte: [Unicode.Scalar] = {
        var scalars: [Unicode.Scalar] = []
        var otherCount: UInt8 = 0
        for byte in UInt8.min...UInt8.max {
            switch byte {
            case 33...126, 161...172, 174...255:
                scalars.append(Unicode.Scalar(byte))
            default:
                scalars.append(Self.scalar(afterLatin: otherCount))
                otherCount += 1
            }
        }
        return scalars
    }()

    static let byteOfScalar: [Unicode.Scalar: UInt8] = Dictionary(
        uniqueKeysWithValues: zip(scalarOfByte, UInt8.min...UInt8.max))

    /// The text by which a vocabulary names a token of these bytes.
    static func text(of bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(scalarOfByte[Int(byte)]) }
        return String(text)
    }

    /// U+0100 + `offset`; there are 68 such bytes, so the last is U+0143.
    private static func scalar(afterLatin offset: UInt8) -> Unicode.Scalar {
        guard let scalar = Unicode.Scalar(UInt16(0x100) + UInt16(offset)) else {
            preconditionFailure("U+0100 + \(offset) is no surrogate")
        }
        return scalar
    }
}
