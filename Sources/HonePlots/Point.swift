/// A point of a chart, in the numbers of its axes.
public struct Point: Sendable, Hashable {
    public let x: Double
    public let y: Double

    public init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }

    var isFinite: Bool { x.isFinite && y.isFinite }
}

extension [Point] {
    /// The mean over about `count` points around each, which does not lag behind; towards the ends it is over fewer.
    /// Points that are no numbers are left out.
    public func smoothed(over count: Int) -> [Point] {
        precondition(count > 0, "a mean over \(count) points is none")
        let points = filter(\.isFinite)
        var sums = [0.0]
        for point in points { sums.append(sums[sums.count - 1] + point.y) }
        return points.indices.map { index in
            let reach = Swift.min(count / 2, index, points.count - 1 - index)
            let sum = sums[index + reach + 1] - sums[index - reach]
            return Point(points[index].x, sum / Double(2 * reach + 1))
        }
    }

    /// At most four points for each of `count` stretches of x, which look the same: the first, least, greatest and
    /// last. A point that is no number ends a stretch, so that the gap stays. The points must be in the order of x.
    func thinned(to count: Int) -> [Point] {
        guard self.count > 4 * count, let first = first(where: \.isFinite), let last = last(where: \.isFinite),
            last.x > first.x
        else { return self }
        let scale = Double(count) / (last.x - first.x)
        var thin: [Point] = []
        var stretch: [Point] = []
        var place = -1.0
        for point in self {
            let next = point.isFinite ? ((point.x - first.x) * scale).rounded(.down) : -1
            if next != place || next < 0 {
                thin += stretch.corners
                stretch = []
                place = next
            }
            stretch.append(point)
        }
        return thin + stretch.corners
    }

    /// The first, least, greatest and last of a few points, in their order.
    private var corners: [Point] {
        guard count > 4, let least = indices.min(by: { self[$0].y < self[$1].y }),
            let greatest = indices.max(by: { self[$0].y < self[$1].y })
        else { return self }
        return Set([startIndex, least, greatest, endIndex - 1]).sorted().map { self[$0] }
    }
}
