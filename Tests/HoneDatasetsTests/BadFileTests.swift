import Foundation
import HoneDatasets
import Testing

/// A file with something wrong in it: the line, what the sentence must name.
struct BadFile: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var name = "data.jsonl"
    let content: String
    let line: Int
    let says: String

    static let all = [
        BadFile(
            testDescription: "a truncated JSON line",
            content: "{\"prompt\": \"a\", \"answer\": \"b\"}\n\n{\"prompt\": ",
            line: 3, says: "not valid JSON"),
        BadFile(
            testDescription: "a missing key", content: "{\"prompt\": \"a\", \"answer\": \"b\"}\n{\"prompt\": \"a\"}\n",
            line: 2, says: "\"answer\" is missing"),
        BadFile(
            testDescription: "an unknown key", content: "{\"prompt\": \"a\", \"answer\": \"b\", \"anwser\": \"c\"}",
            line: 1, says: "unknown key \"anwser\""),
        BadFile(
            testDescription: "steps of the wrong type",
            content: "{\"prompt\": \"a\", \"answer\": \"b\", \"steps\": [1]}",
            line: 1, says: "steps"),
        BadFile(
            testDescription: "an empty prompt", content: "{\"prompt\": \" \", \"answer\": \"b\"}", line: 1,
            says: "question is empty"),
        BadFile(
            testDescription: "a text with U+0000",
            content: "{\"prompt\": \"a\", \"answer\": \"b\", \"metadata\": {\"k\": [\"\\u0000\"]}}", line: 1,
            says: "U+0000"),
        BadFile(
            testDescription: "a level of five digits",
            content: "{\"prompt\": \"a\", \"answer\": \"b\", \"level\": 12345}",
            line: 1, says: "over four digits"),
        BadFile(
            testDescription: "GSM8K without a result", content: "{\"question\": \"a\", \"answer\": \"b\"}", line: 1,
            says: "####"),
        BadFile(
            testDescription: "a JSON array that breaks off", name: "s.json",
            content: "[\n{\"ID\":\"1\",\"Body\":\"b {\",\"Question\":\"q\",\"Equation\":\"( 1 + 1 )\",\"Answer\":2,"
                + "\"Type\":\"t\"},\n{\"ID\": \"2\",\n", line: 3, says: "ends in the middle"),
        BadFile(
            testDescription: "a bad equation", name: "s.json",
            content: "[\n\n{\"ID\":\"1\",\"Body\":\"b\",\"Question\":\"q\",\"Equation\":\"( 1 + )\",\"Answer\":2,"
                + "\"Type\":\"t\"}]", line: 3, says: "equation"),
        BadFile(
            testDescription: "a CSV row with a field too few", name: "m.csv",
            content: "Question,Numbers,Equation,Answer\n\"two\nlines number0\",1,+ number0 1,2\nq,1,+ 1 1\n", line: 4,
            says: "3 fields where the header names 4"),
        BadFile(
            testDescription: "a placeholder without a number", name: "m.csv",
            content: "Question,Numbers,Equation,Answer\nhow many number1,1.0,+ number0 1,2\n", line: 2,
            says: "number1"),
        BadFile(
            testDescription: "XML that is cut off", name: "a.xml",
            content: "<Set>\n<Problem ID=\"1\">\n<Body>b</Body>\n", line: 2,
            says: "ends in the middle"),
        BadFile(
            testDescription: "an XML problem without an answer", name: "a.xml",
            content: "<Set>\n<Problem ID=\"1\">\n<Body>b</Body><Question>q</Question></Problem>\n</Set>", line: 2,
            says: "<Answer>"),
        BadFile(
            testDescription: "an unknown entity", name: "a.xml",
            content: "<Set>\n<Problem ID=\"1\">\n<Body>b &bomb;</Body></Problem>\n</Set>", line: 2, says: "&bomb;"),
    ]
}

@Suite struct BadFileTests {
    @Test(arguments: BadFile.all) func aBadRowIsOneErrorWithItsLine(_ bad: BadFile) throws {
        let error = try #require(throws: DatasetError.self) { try read(bad.content, as: bad.name) }
        #expect(error.description.hasPrefix("\(bad.name):\(bad.line): "), "\(error)")
        #expect(error.description.contains(bad.says), "\(error)")
    }

    @Test func aRowThatIsNotUTF8IsRefused() throws {
        let row = Data("{\"prompt\": \"".utf8) + [0xFF, 0xFE] + Data("\", \"answer\": \"b\"}".utf8)
        #expect(throws: DatasetError.self) { try read(row, as: "a.jsonl") }
    }

    @Test func aRowOfTwoMegabytesIsRefusedBeforeItIsRead() throws {
        let row = "{\"prompt\": \"" + String(repeating: "a", count: 2 << 20) + "\", \"answer\": \"b\"}"
        let error = try #require(throws: DatasetError.self) { try read(row, as: "a.jsonl") }
        #expect(error.description.contains("longer than"))
    }

    @Test func anUnknownFormatNamesTheKnownOnes() throws {
        let error = try #require(throws: DatasetError.self) { try read("hello", as: "a.txt") }
        #expect(error == .unknownFormat(file: "a.txt"))
        #expect(error.description.contains("jsonl, gsm8k, svamp"))
    }

    @Test func aFileOfNothingIsSaidToBeEmpty() throws {
        #expect(throws: DatasetError.empty(file: "a.jsonl")) { try read("", as: "a.jsonl") }
        #expect(throws: DatasetError.self) { try read("[]", as: "a.json", format: .svamp) }
    }
}
