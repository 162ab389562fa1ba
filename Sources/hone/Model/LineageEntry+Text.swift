import Foundation
import HoneCatalog
import HoneDatasets

extension LineageEntry {
    /// For people; the whole of it is in the JSON.
    var text: String {
        let title = "checkpoint \(checkpoint) of model \(model)"
        var details = Details(generation == 0 ? title : "\(title), its ancestor \(generation)")
        let maker = job.map { "by job \($0)" } ?? "imported"
        details.add("made", "\(createdAt.ISO8601Format().clockTime) at step \(step), \(maker)")
        details.add("parent", parent.map(String.init))
        details.add("data", datasetCut.map { cutText($0) })
        details.add("seed", seed.map(String.init))
        details.add("run", runText)
        details.add("code", codeVersion)
        details.add("worker", worker)
        details.add("config", config.text)
        details.add("metrics", metrics.text)
        for (path, digest) in files.sorted(by: { $0.key < $1.key }) { details.add(path, String(digest.prefix(12))) }
        for event in events { details.add(event.field("kind") ?? "event", eventText(event)) }
        return details.text
    }

    private var runText: String? {
        run.map { run in
            ["\(run)", pipeline.map { "of pipeline \($0)" }, pipelineHash.map { String($0.prefix(12)) }]
                .compactMap(\.self).joined(separator: " ")
        }
    }

    private func cutText(_ cut: JSONValue) -> String {
        if let freeze = cut.field("freeze"), let form = cut.field("form"), let count = cut.field("count") {
            return "\(count) \(form) of freeze \(freeze), SHA-256 \((cut.field("sha256") ?? "").prefix(12))"
        }
        guard let dataset = cut.field("dataset"), let split = cut.field("split"), let count = cut.field("count") else {
            return cut.text
        }
        return "\(count) examples of \(dataset), split \(split), SHA-256 \((cut.field("sha256") ?? "").prefix(12))"
    }

    /// What happened to the checkpoint, in a line.
    private func eventText(_ event: JSONValue) -> String {
        func field(_ key: String, _ prefix: String = "") -> String? { event.field(key).map { prefix + $0 } }
        let words: [String?] =
            switch field("kind") {
            case "evaluation":
                [
                    field("id", "number "), field("dataset", "on "), field("split", "split "),
                    event.member("metrics")?.field("accuracy").map { "accuracy \($0)" },
                ]
            case "gate":
                [field("passed") == "true" ? "passed" : "blocked", field("against", "against "), field("reason")]
            case "promote", "rollback":
                [field("actor", "by "), field("previous", "after ")]
            case "canary":
                [field("percent", "percent "), field("beside", "beside "), field("ended_by", "ended by ")]
            case "quarantine":
                [field("reason"), field("released_by", "released by "), field("release_reason")]
            case "labels":
                [field("labels", "labels "), field("freeze", "in freeze "), event.member("labellers")?.text]
            case "judge":
                [field("role"), field("id", "reward by checkpoint "), field("model", "of ")]
            default: [event.text]
            }
        return ([field("at").map { String($0.prefix(19)) }] + words).compactMap(\.self).joined(separator: ", ")
    }
}

extension JSONValue {
    fileprivate func member(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// A member as plain text; nil if it is absent or null.
    fileprivate func field(_ key: String) -> String? {
        switch member(key) {
        case nil, .null: nil
        case .string(let text): text
        case .some(let value): value.text
        }
    }
}
