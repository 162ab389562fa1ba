import Foundation
import Testing

@testable import HonePlots

@Suite struct EventFileTests {
    @Test func theBytesAreThoseOfTensorBoardsOwnWriter() throws {
        var file = EventFile(startedAt: Date(timeIntervalSince1970: 1_700_000_000))
        var written = file.take() ?? Data()
        func append(_ step: Int, _ at: Double, _ numbers: [String: Double]) {
            file.append(step: step, at: Date(timeIntervalSince1970: at), numbers)
            written += file.take() ?? Data()
        }
        append(0, 1_700_000_000.5, ["loss": 5.25])
        append(1, 1_700_000_001.25, ["loss": 4, "grad_norm": 0])
        append(300, 1_700_000_002, ["kl": -1.5e-5, "reward/mean": .infinity])
        append(Int(Int32.max), 1_700_000_003, ["Verlust_ä": 1 / 3.0, "entropy": .nan])
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/tensorboard/events.bin")
        #expect(written == (try Data(contentsOf: fixture)))
    }

    /// RFC 3720, B.4.
    @Test(
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0...31), 0x46DD_794E), (Array("123456789".utf8), 0xE306_9283), ([], 0),
        ] as [([UInt8], UInt32)])
    func theChecksumIsCastagnolis(_ bytes: [UInt8], checksum: UInt32) {
        #expect(Checksum.crc32c(bytes) == checksum)
    }
}
