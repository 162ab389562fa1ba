import Foundation
import Synchronization

/// The thread on which all transfers of a client run.
///
/// Others only leave orders and wake it; libcurl's handles and the transfers never leave the thread.
final class TransferLoop: Sendable {
    private enum Order {
        case start(UInt64, HTTPRequest, Exchange)
        case cancel(UInt64)
        case resume(UInt64)
        case close
    }

    private struct State {
        var orders: [Order] = []
        var lastTicket: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let multi = CurlMulti()

    init() {
        let thread = Thread { [self] in
            Thread.current.name = "hone-http"
            run()
        }
        thread.start()
    }

    /// Orders a transfer; its outcome goes to the exchange.
    func start(_ request: HTTPRequest, _ exchange: Exchange) throws(HTTPError) -> UInt64 {
        try request.checkHeaders()
        let ticket = state.withLock { state -> UInt64? in
            guard !state.isClosed else { return nil }
            state.lastTicket += 1
            state.orders.append(.start(state.lastTicket, request, exchange))
            return state.lastTicket
        }
        guard let ticket else { throw .closed }
        multi.wake()
        return ticket
    }

    /// Closes the transfer's connection; nothing happens if it is over.
    func cancel(_ ticket: UInt64) { leave(.cancel(ticket)) }

    /// Lets a server that was held back go on.
    func resume(_ ticket: UInt64) { leave(.resume(ticket)) }

    /// Ends all transfers and the thread.
    func close() {
        state.withLock { $0.isClosed = true }
        leave(.close)
    }

    private func leave(_ order: Order) {
        state.withLock { $0.orders.append(order) }
        multi.wake()
    }

    // MARK: The thread

    private func run() {
        var transfers: [UInt64: Transfer] = [:]
        while carryOutOrders(&transfers) {
            multi.perform()
            while let (ticket, outcome) = multi.nextFinished() {
                guard let transfer = transfers.removeValue(forKey: ticket) else { continue }
                multi.remove(transfer)
                transfer.end(outcome)
            }
            let now = ContinuousClock.now
            for (ticket, transfer) in transfers {
                guard let error = transfer.overdue(at: now) else { continue }
                transfers[ticket] = nil
                multi.remove(transfer)
                transfer.end(with: error)
            }
            multi.poll(for: transfers.values.map { $0.deadline }.min().map { max(.zero, $0 - .now) })
        }
        for transfer in transfers.values {
            multi.remove(transfer)
            transfer.end(with: .closed)
        }
    }

    /// - Returns: Whether to go on.
    private func carryOutOrders(_ transfers: inout [UInt64: Transfer]) -> Bool {
        let orders = state.withLock { state in
            defer { state.orders = [] }
            return state.orders
        }
        var goesOn = true
        for order in orders {
            switch order {
            case .start(let ticket, let request, let exchange):
                let transfer = Transfer(request, exchange, ticket: ticket)
                transfers[ticket] = transfer
                multi.add(transfer)
            case .cancel(let ticket):
                guard let transfer = transfers.removeValue(forKey: ticket) else { continue }
                multi.remove(transfer)
                transfer.end(with: .cancelled)
            case .resume(let ticket): transfers[ticket]?.goOn()
            case .close: goesOn = false
            }
        }
        return goesOn
    }
}

extension HTTPRequest {
    /// A line break in a header would begin another one.
    fileprivate func checkHeaders() throws(HTTPError) {
        let values = headers + [("Authorization", key?.value ?? "")]
        for (name, value) in values where (name + value).utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw .badHeader(name: name)
        }
    }
}
