/// The elements of one name in an XML file, each a record of attributes and plain text children.
///
/// A strict reader of the subset that published problem sets use: no DTD, no CDATA, no namespaces.
struct XMLRows {
    /// The line on which the element read last began.
    private(set) var rowLine = 1
    private let name: String
    private var bytes: ByteReader
    private var open: [String] = []
    private var hasRoot = false

    init(_ bytes: ByteReader, elements name: String) {
        self.bytes = bytes
        self.name = name
    }

    /// The next element's attributes and children together; nil at the end of the file.
    mutating func next() throws(RowFault) -> [String: String]? {
        while true {
            try bytes.skipWhitespace()
            rowLine = bytes.line
            guard try bytes.peek() != nil else { return try end() }
            let tag = try tag()
            switch tag.kind {
            case .aside: continue
            case .start where tag.name == name: return try children(of: tag)
            case .start:
                open.append(tag.name)
                hasRoot = true
            case .end:
                guard open.popLast() == tag.name else { throw RowFault("</\(tag.name)> closes nothing that is open") }
            }
        }
    }

    private struct Tag {
        enum Kind {
            case start
            case end
            case aside
        }
        let kind: Kind
        let name: String
        var attributes: [String: String] = [:]
    }

    private func end() throws(RowFault) -> [String: String]? {
        guard open.isEmpty, hasRoot else { throw RowFault("the file ends before </\(open.last ?? name)>") }
        return nil
    }

    private mutating func children(of element: Tag) throws(RowFault) -> [String: String] {
        var record = element.attributes
        while true {
            try bytes.skipWhitespace()
            let tag = try tag()
            switch tag.kind {
            case .aside: continue
            case .end:
                guard tag.name == element.name else { throw RowFault("</\(tag.name)> inside <\(element.name)>") }
                return record
            case .start:
                let text = try text(upTo: UInt8(ascii: "<"))
                let closing = try self.tag()
                guard closing.kind == .end, closing.name == tag.name else {
                    throw RowFault("<\(tag.name)> must hold text and be closed by </\(tag.name)>")
                }
                guard record.updateValue(try Self.unescaped(text), forKey: tag.name) == nil else {
                    throw RowFault("<\(tag.name)> comes twice")
                }
            }
        }
    }

    private mutating func tag() throws(RowFault) -> Tag {
        guard try bytes.peek() != nil else { throw RowFault("the file ends in the middle of this element") }
        guard try bytes.next() == UInt8(ascii: "<") else { throw RowFault("text outside of an element") }
        let body = try text(upTo: UInt8(ascii: ">"))
        _ = try bytes.next()
        if body.hasPrefix("?") || body.hasPrefix("!--") {
            guard !body.hasPrefix("!--") || body.hasSuffix("--") else { throw RowFault("a comment that holds '>'") }
            return Tag(kind: .aside, name: "")
        }
        if body.hasPrefix("/") { return Tag(kind: .end, name: String(body.dropFirst())) }
        return try Self.startTag(body)
    }

    private static func startTag(_ body: String) throws(RowFault) -> Tag {
        let name = body.prefix { $0.isNamePart }
        var rest = body[name.endIndex...].drop(while: \.isWhitespace)
        var attributes: [String: String] = [:]
        while !rest.isEmpty {
            let key = rest.prefix { $0.isNamePart }
            let value = rest[key.endIndex...]
            guard !key.isEmpty, value.hasPrefix("=\""), let end = value.dropFirst(2).firstIndex(of: "\"") else { break }
            attributes[String(key)] = try unescaped(String(value[value.index(value.startIndex, offsetBy: 2)..<end]))
            rest = value[end...].dropFirst().drop(while: \.isWhitespace)
        }
        guard !name.isEmpty, rest.isEmpty else {
            throw RowFault("<\(body.prefix(60))> is not a start tag that is understood")
        }
        return Tag(kind: .start, name: String(name), attributes: attributes)
    }

    /// What stands before the next `end`, which is left in place.
    private mutating func text(upTo end: UInt8) throws(RowFault) -> String {
        var text: [UInt8] = []
        while let byte = try bytes.peek() {
            if byte == end { return try text.text() }
            try text.extend(byte)
            _ = try bytes.next()
        }
        throw RowFault("the file ends in the middle of this element")
    }

    private static let entities: [Substring: String] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    private static func unescaped(_ text: String) throws(RowFault) -> String {
        var pieces = text.split(separator: "&", omittingEmptySubsequences: false)[...]
        var result = String(pieces.removeFirst())
        for piece in pieces {
            guard let end = piece.firstIndex(of: ";"), let value = entity(piece[..<end]) else {
                throw RowFault("'&\(piece.prefix(12))' is no entity; write &amp; for a plain &")
            }
            result += value + piece[piece.index(after: end)...]
        }
        return result
    }

    private static func entity(_ name: Substring) -> String? {
        if let known = entities[name] { return known }
        let number =
            name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst(1))
        guard name.hasPrefix("#"), let number, let scalar = UnicodeScalar(number) else { return nil }
        return String(Character(scalar))
    }
}

extension Character {
    fileprivate var isNamePart: Bool { isLetter || isNumber || self == "_" || self == "-" || self == "." }
}
