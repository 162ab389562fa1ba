import Foundation
import HoneDatasets
import Testing

@testable import HoneProblems

/// Files damaged at random, from fixed seeds: each is read or refused with a sentence, and none crashes the reader.
@Suite struct FuzzTests {
    static let files: [DatasetFormat: String] = [
        .jsonl: #"{"prompt": "a b", "answer": "1", "steps": ["1=1"], "level": 2, "metadata": {"k": [1, null]}}"#,
        .gsm8k: "{\"question\": \"a?\", \"answer\": \"<<48/2=24>>24\\n#### 24\"}",
        .svamp: """
        [{"ID": "1", "Body": "b {[", "Question": "q", "Equation": "( 1.0 + ( 2.0 / 4 ) )", "Answer": 1.5, "Type": "t"}]
        """,
        .multiarith: #"[{"iIndex": 1, "lEquations": ["X=(1.0+2.0)"], "lSolutions": [3.0], "sQuestion": "q"}]"#,
        .asdiv: """
        <?xml version="1.0"?><!-- c --><S><Problem ID="1" Grade="2"><Body>b &amp; c</Body><Question>q</Question>
        <Answer>3 (figs)</Answer><Formula>1+2=3; 3*1=3</Formula></Problem></S>
        """,
        .mawps: "Question,Numbers,Equation,Answer\n\"how number0 , \"\"x\"\"\",1.0 2.5,/ number0 number1,0.4\n",
    ]

    @Test(arguments: DatasetFormat.allCases) func damagedFilesAreReadOrRefused(_ format: DatasetFormat) throws {
        let file = Array(try #require(Self.files[format]).utf8)
        #expect(try read(Data(file), as: "f", format: format).count == 1)
        var random = RandomSource(seed: 7)
        var refused = 0
        for _ in 0..<150 {
            let damaged = damage(file, &random)
            do {
                _ = try read(Data(damaged), as: "f", format: format)
            } catch let error as DatasetError {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(refused > 20)
    }

    private func damage(_ file: [UInt8], _ random: inout RandomSource) -> [UInt8] {
        var bytes = file
        for _ in 0...random.integer(0...2) {
            let place = random.integer(0...bytes.count - 1)
            switch random.integer(0...3) {
            case 0: bytes[place] = UInt8(random.integer(0...255))
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + 3))
            case 2: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 9)], at: place)
            default: bytes.removeSubrange(place...)
            }
            if bytes.isEmpty { return bytes }
        }
        return bytes
    }
}
