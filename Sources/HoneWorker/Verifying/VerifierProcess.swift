import Foundation
import Synchronization

/// A verifier in a process of its own, one question at a time, that is killed when a question takes longer than its
/// limit, and started again for the next.
///
/// It reads a line of JSON, a ``VerifierQuestion``, and answers with a line, a ``VerifierFinding``, after it has said
/// `{"ready": true}` once. The time of a question begins when the verifier has it: neither its start nor other
/// questions count. Whatever goes wrong is said in the finding, which then has no score.
public final class VerifierProcess: Sendable {
    private let command: [String]
    private let startLimit: Duration
    private let child = Mutex<VerifierChild?>(nil)

    /// - Parameters:
    ///   - command: the program's path and its arguments
    ///   - startLimit: how long it may take to get ready
    public init(command: [String], startLimit: Duration = .seconds(30)) {
        precondition(!command.isEmpty, "a verifier without a program")
        self.command = command
        self.startLimit = startLimit
    }

    deinit {
        child.withLock { $0.take()?.end() }
    }

    /// Asks, and waits on the calling thread, for which others wait.
    func finding(on question: VerifierQuestion, within limit: Duration) -> VerifierFinding {
        child.withLock { child in
            do throws(VerifierFault) {
                let running = if let child { child } else { try start() }
                child = running
                return try running.ask(question, within: limit)
            } catch {
                child.take()?.end()
                return VerifierFinding(fault: error.description)
            }
        }
    }

    private func start() throws(VerifierFault) -> VerifierChild {
        let started = try VerifierChild(command)
        do throws(VerifierFault) {
            try started.waitUntilReady(within: startLimit)
        } catch {
            started.end()
            throw error
        }
        return started
    }
}

/// Why a verifier gave no verdict.
enum VerifierFault: Error, Equatable, CustomStringConvertible {
    case noStart(program: String, reason: String)
    case notReady(program: String, limit: Duration)
    case late(limit: Duration)
    case ended
    case nonsense(line: String)

    var description: String {
        switch self {
        case .noStart(let program, let reason): "the verifier \(program) does not start: \(reason)"
        case .notReady(let program, let limit): "the verifier \(program) was not ready within \(limit)"
        case .late(let limit): "the verifier took longer than \(limit) and was killed"
        case .ended: "the verifier ended while it was at this answer"
        case .nonsense(let line): "the verifier said something else than a verdict: \(line)"
        }
    }
}
