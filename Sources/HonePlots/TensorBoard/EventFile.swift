public import Foundation

/// Scalars in the form of TensorBoard's event files, which `tensorboard --logdir` reads.
///
/// A file is a row of records, each an `Event` message of protocol buffers (tensorflow/core/util/event.proto) in the
/// framing of TFRecord: its length, a checksum of the length, the message, a checksum of the message.
public struct EventFile {
    private var bytes: [UInt8] = []

    /// Begins a file; the first record says which version of the format it has.
    public init(startedAt: Date) {
        var event = Message()
        event.append(field: 1, startedAt.timeIntervalSince1970)
        event.append(field: 3, Array("brain.Event:2".utf8))
        append(record: event.bytes)
    }

    /// Adds the numbers of a step, in the order of their names.
    public mutating func append(step: Int, at: Date, _ numbers: [String: Double]) {
        var summary = Message()
        for (name, number) in numbers.sorted(by: { $0.key < $1.key }) {
            var value = Message()
            value.append(field: 1, Array(name.utf8))
            value.append(field: 2, Float(number))
            summary.append(field: 1, value.bytes)
        }
        var event = Message()
        event.append(field: 1, at.timeIntervalSince1970)
        if step != 0 { event.append(field: 2, UInt64(bitPattern: Int64(step))) }  // a zero is not written
        event.append(field: 5, summary.bytes)
        append(record: event.bytes)
    }

    /// What has come together since the last call, to be written behind what was taken before; nil unless it is more
    /// than so many bytes.
    public mutating func take(over byteCount: Int = 0) -> Data? {
        guard bytes.count > byteCount else { return nil }
        defer { bytes.removeAll(keepingCapacity: true) }
        return Data(bytes)
    }

    private mutating func append(record: [UInt8]) {
        let length = UInt64(record.count).littleEndianBytes
        bytes += length + Checksum.masked(length).littleEndianBytes
        bytes += record + Checksum.masked(record).littleEndianBytes
    }
}

/// A message of protocol buffers as it is written: each field behind its number and its wire type.
private struct Message {
    private(set) var bytes: [UInt8] = []

    mutating func append(field: UInt64, _ value: Double) {
        append(varint: field << 3 | 1)
        bytes += value.bitPattern.littleEndianBytes
    }

    mutating func append(field: UInt64, _ value: Float) {
        append(varint: field << 3 | 5)
        bytes += value.bitPattern.littleEndianBytes
    }

    mutating func append(field: UInt64, _ value: UInt64) {
        append(varint: field << 3)
        append(varint: value)
    }

    /// A text or a message inside this one.
    mutating func append(field: UInt64, _ content: [UInt8]) {
        append(varint: field << 3 | 2)
        append(varint: UInt64(content.count))
        bytes += content
    }

    /// Seven bits a byte, the lowest first; the highest bit says that another follows.
    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// CRC-32C (Castagnoli), bit by bit over a table.
enum Checksum {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
    }

    static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }

    /// As TFRecord stores it: turned and shifted, so that a checksum over bytes that hold checksums is none of them.
    static func masked(_ bytes: [UInt8]) -> UInt32 {
        let crc = crc32c(bytes)
        return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
    }
}

extension FixedWidthInteger {
    fileprivate var littleEndianBytes: [UInt8] {
        (0..<bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
    }
}
