/// What one check found, and what to do about it.
struct Finding: Encodable {
    enum Verdict: String, Encodable {
        case ok
        case warn
        case fail
    }

    let check: String
    let verdict: Verdict
    let detail: String
    let mend: String?

    static func ok(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, verdict: .ok, detail: detail, mend: nil)
    }

    static func warn(_ check: String, _ detail: String, mend: String) -> Finding {
        Finding(check: check, verdict: .warn, detail: detail, mend: mend)
    }

    static func fail(_ check: String, _ detail: String, mend: String) -> Finding {
        Finding(check: check, verdict: .fail, detail: detail, mend: mend)
    }

    /// A line for people, with the mend below it.
    var text: String {
        let mark =
            switch verdict {
            case .ok: "ok   "
            case .warn: "warn "
            case .fail: "FAIL "
            }
        let name = check + String(repeating: " ", count: max(1, 20 - check.count))
        return mark + name + detail + (mend.map { "\n       mend: \($0)" } ?? "")
    }
}
