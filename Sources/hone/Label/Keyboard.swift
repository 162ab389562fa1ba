import Foundation
import HoneConcurrency
import Synchronization
import UnixSignals

/// Standard input as keys: a terminal gives each key at once and unseen, anything else its characters.
///
/// The signals that ask a program to leave end the input, so that what is held can be given back.
final class Keyboard: Sendable {
    enum Key: Hashable {
        case character(Character)
        case left
        case right
        case up
        case down
        case backspace
        case escape
        case enter
    }

    static let isTerminal = isatty(STDIN_FILENO) == 1

    private let isStopped = Atomic(false)
    private let ordinary: termios?

    private init() {
        var settings = termios()
        ordinary = Self.isTerminal && tcgetattr(STDIN_FILENO, &settings) == 0 ? settings : nil
    }

    /// Reads keys for the length of `body`, whatever its end is.
    static func with<Value: Sendable>(_ body: @escaping @Sendable (Keyboard) async throws -> Value) async throws
        -> Value
    {
        let keyboard = Keyboard()
        keyboard.setKeys()
        defer { keyboard.setOrdinary() }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                for await _ in signals { keyboard.isStopped.store(true, ordering: .relaxed) }
                return nil
            }
            group.addTask { try await body(keyboard) }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let ended { return ended }
            }
            preconditionFailure("the keyboard's body ended without a value")
        }
    }

    /// The next key; nil at the end of the input or when the program is asked to leave.
    func key() async -> Key? {
        guard let byte = await byte() else { return nil }
        switch byte {
        case 0x1B: return await escape()
        case 0x7F, 0x08: return .backspace
        case 0x0A, 0x0D: return .enter
        case 0x04: return nil
        default: return .character(Character(UnicodeScalar(byte)))
        }
    }

    /// Looks without waiting whether a signal, the end of the input or the key q asks to leave; other keys are dropped.
    func isAskedToLeave() async -> Bool {
        if isStopped.load(ordering: .relaxed) { return true }
        switch await offload({ Self.read(within: 0) }) {
        case .byte(let byte): return byte == UInt8(ascii: "q") || byte == 0x04
        case .nothingYet: return false
        case .end: return true
        }
    }

    /// A line of text, shown and edited as the terminal does; nil as ``key()``.
    func line() async -> String? {
        setOrdinary()
        defer { setKeys() }
        var bytes: [UInt8] = []
        while let byte = await byte() {
            if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }

    /// An arrow is three bytes that come at once.
    private func escape() async -> Key {
        guard await byte(within: 50) == UInt8(ascii: "["), let final = await byte(within: 50) else { return .escape }
        switch final {
        case UInt8(ascii: "A"): return .up
        case UInt8(ascii: "B"): return .down
        case UInt8(ascii: "C"): return .right
        case UInt8(ascii: "D"): return .left
        default: return .escape
        }
    }

    /// Waits in short stretches, so that a signal is noticed.
    private func byte() async -> UInt8? {
        while !isStopped.load(ordering: .relaxed) {
            switch await offload({ Self.read(within: 100) }) {
            case .byte(let byte): return byte
            case .nothingYet: continue
            case .end: return nil
            }
        }
        return nil
    }

    private func byte(within milliseconds: Int32) async -> UInt8? {
        guard case .byte(let byte) = await offload({ Self.read(within: milliseconds) }) else { return nil }
        return byte
    }

    private enum Read {
        case byte(UInt8)
        case nothingYet
        case end
    }

    private static func read(within milliseconds: Int32) -> Read {
        var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return .nothingYet }
        var byte: UInt8 = 0
        let count = Foundation.read(STDIN_FILENO, &byte, 1)
        return count == 1 ? .byte(byte) : count < 0 && errno == EINTR ? .nothingYet : .end
    }

    private func setKeys() {
        guard var settings = ordinary else { return }
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }

    private func setOrdinary() {
        guard var settings = ordinary else { return }
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }
}
