import HoneModel
import HoneTensor

/// Hands out pages of keys and values, and remembers what stands in full ones.
///
/// A page belongs to any number of sequences, whose count is kept. A full page is found again by its tokens and those
/// before it (as in vLLM: Kwon et al. 2023, arXiv:2309.06180, section 4.3), compared one by one, so that no two prompts
/// are ever mistaken for each other; when nobody needs it any more it keeps its contents until the room is needed, the
/// longest unused first.
final class PagePool {
    let pages: KeyValuePages
    private var ownerCounts: [Int32]
    /// Pages that hold nothing.
    private var empty: [Int32]
    /// What is known of full pages.
    private var prefixes: [PrefixKey: Prefix] = [:]
    private var keys: [PrefixKey?]
    private var roots: [PrefixSalt: UInt64] = [:]
    private var lastID: UInt64 = 0
    private var unused: UnusedPages

    /// Pages of a model's keys and values that take up to `byteCount` bytes; at least one.
    init(_ model: PreparedModel, byteCount: Int, entry: KeyValuePages.Entry) {
        let count = max(1, byteCount / model.configuration.pageByteCount(entry))
        pages = model.makePages(count: count, entry: entry)
        ownerCounts = [Int32](repeating: 0, count: count)
        keys = [PrefixKey?](repeating: nil, count: count)
        empty = (0..<Int32(count)).reversed()
        unused = UnusedPages(capacity: count)
    }

    /// Pages that can be had.
    var availableCount: Int { empty.count + unused.count }

    /// Takes a page for one sequence; nil where all are in use.
    func take() -> Int32? {
        guard let page = empty.popLast() ?? unused.removeOldest() else { return nil }
        if let key = keys[Int(page)] {
            prefixes[key] = nil
            keys[Int(page)] = nil
        }
        ownerCounts[Int(page)] = 1
        return page
    }

    /// One more sequence has the page.
    func retain(_ page: Int32) {
        if ownerCounts[Int(page)] == 0 { unused.remove(page) }
        ownerCounts[Int(page)] += 1
    }

    func release(_ page: Int32) {
        ownerCounts[Int(page)] -= 1
        guard ownerCounts[Int(page)] == 0 else { return }
        if keys[Int(page)] == nil { empty.append(page) } else { unused.append(page) }
    }

    /// The page for one sequence to write to: itself where no other has it, else a copy; nil where there is no room.
    func writable(_ page: Int32) -> Int32? {
        guard ownerCounts[Int(page)] > 1 else { return page }
        guard let copy = take() else { return nil }
        pages.copy(from: page, to: copy)
        release(page)
        return copy
    }
}

// Prefixes.
extension PagePool {
    /// A full page's tokens behind a known prefix.
    struct PrefixKey: Hashable {
        let parent: UInt64
        let tokens: [Int32]
    }

    private struct Prefix {
        let id: UInt64
        let page: Int32
    }

    /// The prefix of no tokens: a different one for everything that must not be shared.
    func root(_ salt: PrefixSalt) -> UInt64 {
        if let id = roots[salt] { return id }
        lastID += 1
        roots[salt] = lastID
        return lastID
    }

    /// The page that holds these tokens behind that prefix, now for one more sequence, and the prefix with them.
    func find(_ key: PrefixKey) -> (page: Int32, id: UInt64)? {
        guard let prefix = prefixes[key] else { return nil }
        retain(prefix.page)
        return (prefix.page, prefix.id)
    }

    /// Says what a full page holds; gives the prefix with its tokens.
    func register(_ page: Int32, as key: PrefixKey) -> UInt64 {
        if let known = prefixes[key] { return known.id }
        lastID += 1
        prefixes[key] = Prefix(id: lastID, page: page)
        keys[Int(page)] = key
        return lastID
    }

    /// Forgets what pages hold, since other weights compute from now on.
    func forgetPrefixes() {
        prefixes.removeAll()
        roots.removeAll()
        keys = [PrefixKey?](repeating: nil, count: keys.count)
        while let page = unused.removeOldest() { empty.append(page) }
    }
}

/// What must be alike for keys and values to be shared: whose requests they are, which weights computed them, and of
/// how many layers there are some.
struct PrefixSalt: Hashable {
    let tenant: String
    let weightVersion: Int
    var depth = NetworkDepth.whole
}

/// Pages that nobody has but that hold something, in the order in which they became unused: a list linked through
/// arrays.
private struct UnusedPages {
    private(set) var count = 0
    private var next: [Int32]
    private var previous: [Int32]
    /// Stands before the first and behind the last.
    private let end: Int

    init(capacity: Int) {
        end = capacity
        next = [Int32](repeating: Int32(capacity), count: capacity + 1)
        previous = next
    }

    mutating func append(_ page: Int32) {
        let last = previous[end]
        next[Int(last)] = page
        previous[Int(page)] = last
        next[Int(page)] = Int32(end)
        previous[end] = page
        count += 1
    }

    mutating func remove(_ page: Int32) {
        next[Int(previous[Int(page)])] = next[Int(page)]
        previous[Int(next[Int(page)])] = previous[Int(page)]
        count -= 1
    }

    mutating func removeOldest() -> Int32? {
        guard count > 0 else { return nil }
        let page = next[end]
        remove(page)
        return page
    }
}
