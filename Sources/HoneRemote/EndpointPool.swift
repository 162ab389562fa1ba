import HoneHTTP
import Synchronization

/// Which of the servers to ask: of those that are well the one with the least to do.
final class EndpointPool: Sendable {
    private struct Endpoint {
        let address: HTTPAddress
        var runningCount = 0
        /// Failures in a row; 0 for one that is well.
        var failureCount = 0
        var busyCount = 0
        /// Nothing goes there before; afterwards, if it had failed, one request alone tries it.
        var restsUntil: ContinuousClock.Instant?
        var lastTrouble: String?

        func isOpen(at now: ContinuousClock.Instant) -> Bool {
            if let restsUntil, now < restsUntil { return false }
            return failureCount == 0 || runningCount == 0
        }
    }

    private let endpoints: Mutex<[Endpoint]>

    private static let longestRest = Duration.seconds(30)
    private static let longestCooling = Duration.seconds(10)

    init(_ addresses: [HTTPAddress]) {
        endpoints = Mutex(addresses.map { Endpoint(address: $0) })
    }

    enum Choice {
        case endpoint(Int, HTTPAddress)
        /// None is open: how long until one may be, and what was wrong last.
        case wait(Duration, trouble: String)
    }

    /// Takes an endpoint for one request; ``giveBack(_:)`` must follow.
    func take(avoiding avoided: Int? = nil) -> Choice {
        endpoints.withLock { endpoints in
            let now = ContinuousClock.now
            let open = endpoints.indices.filter { endpoints[$0].isOpen(at: now) }
            // The one that just failed this request comes last, even if it is idle.
            let best = open.shuffled().min {
                (($0 == avoided ? 1 : 0), endpoints[$0].runningCount)
                    < (($1 == avoided ? 1 : 0), endpoints[$1].runningCount)
            }
            if let best {
                endpoints[best].runningCount += 1
                return .endpoint(best, endpoints[best].address)
            }
            let waits = endpoints.map { endpoint in
                endpoint.restsUntil.map { max($0 - now, .milliseconds(20)) } ?? .milliseconds(20)
            }
            let troubles = endpoints.compactMap(\.lastTrouble)
            return .wait(waits.min() ?? .seconds(1), trouble: troubles.last ?? "no endpoint has room")
        }
    }

    func giveBack(_ index: Int) {
        endpoints.withLock { $0[index].runningCount -= 1 }
    }

    /// A whole answer came: it is well.
    func praise(_ index: Int) {
        endpoints.withLock { endpoints in
            endpoints[index].failureCount = 0
            endpoints[index].busyCount = 0
            endpoints[index].restsUntil = nil
            endpoints[index].lastTrouble = nil
        }
    }

    /// Takes note of what went wrong there; an endpoint that fails rests, longer each time.
    func blame(_ index: Int, for trouble: RemoteTrouble) {
        endpoints.withLock { endpoints in
            let now = ContinuousClock.now
            func rest(_ duration: Duration) {
                endpoints[index].restsUntil = max(endpoints[index].restsUntil ?? now, now + duration)
                endpoints[index].lastTrouble = trouble.reason
            }
            switch trouble {
            // The request's own fault, or one that says nothing of the server's health.
            case .rejected, .unknownModel, .oversized: return
            case .busy(_, let after):
                endpoints[index].busyCount += 1
                let cooling = Duration.milliseconds(200) * Double(1 << min(endpoints[index].busyCount, 8))
                rest(after ?? min(cooling, Self.longestCooling) * Double.random(in: 0.5...1))
            case .refusedKey:
                endpoints[index].failureCount += 1
                rest(Self.longestRest)
            case .lost, .cut, .silent, .garbage:
                endpoints[index].failureCount += 1
                let pause = Duration.milliseconds(250) * Double(1 << min(endpoints[index].failureCount, 8))
                rest(min(pause, Self.longestRest) * Double.random(in: 0.5...1))
            }
        }
    }

    var addresses: [HTTPAddress] { endpoints.withLock { $0.map(\.address) } }
}
