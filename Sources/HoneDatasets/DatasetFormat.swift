import Foundation

/// The file formats that can be ingested, each as its publisher distributes it.
public enum DatasetFormat: String, CaseIterable, Sendable {
    /// One JSON object a line with Hone's own keys: prompt, answer, steps, split, source, level, metadata.
    case jsonl
    /// Cobbe et al. 2021: JSON lines of question and answer, with calculator annotations `<<48/2=24>>`.
    case gsm8k
    /// Patel et al. 2021: a JSON array of Body, Question, Equation, Answer.
    case svamp
    /// Roy and Roth 2015: a JSON array of sQuestion, lEquations, lSolutions.
    case multiarith
    /// Miao et al. 2020: XML.
    case asdiv
    /// MAWPS and ASDiv-A as SVAMP's authors publish them: CSV with `number0` placeholders and prefix equations.
    case mawps

    /// Tells the format by the beginning of a file; nil if it looks like none.
    static func sniff(_ beginning: Data) -> DatasetFormat? {
        let text = String(decoding: beginning, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        switch text.first {
        case "<": return .asdiv
        case "{": return text.contains(#""question""#) ? .gsm8k : .jsonl
        case "[": return text.contains(#""lEquations""#) ? .multiarith : text.contains(#""Body""#) ? .svamp : nil
        default: return text.hasPrefix("Question,Numbers,Equation") ? .mawps : nil
        }
    }

    /// Benchmarks are for measuring, so that they train nothing unless somebody says so.
    var defaultSplit: String {
        switch self {
        case .svamp, .multiarith: "test"
        case .jsonl, .gsm8k, .asdiv, .mawps: "train"
        }
    }

    func source(_ bytes: ByteReader) -> any ExampleSource {
        switch self {
        case .jsonl: JSONLines<HoneRow>(bytes)
        case .gsm8k: JSONLines<GSM8KRow>(bytes)
        case .svamp: JSONArray<SVAMPRow>(bytes)
        case .multiarith: JSONArray<MultiArithRow>(bytes)
        case .asdiv: ASDivSource(bytes)
        case .mawps: MAWPSSource(bytes)
        }
    }
}
