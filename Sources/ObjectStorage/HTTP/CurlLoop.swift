import Synchronization

/// What the one curl thread does: start transfers, move them, end them.
final class CurlLoop: Sendable {
    private struct Mailbox {
        var submitted: [CurlTransfer] = []
        /// Some transfer's cancellation flag was set since the last look.
        var hasCancellations = false
        var stops = false
    }

    private let multi: CurlMulti
    /// More wait in line, so that memory and connections stay bounded however many callers there are.
    private let maximumTransfers: Int
    private let mailbox = Mutex(Mailbox())

    init(multi: CurlMulti, maximumTransfers: Int) {
        self.multi = multi
        self.maximumTransfers = maximumTransfers
    }

    func submit(_ transfer: CurlTransfer) {
        mailbox.withLock { $0.submitted.append(transfer) }
        multi.wakeUp()
    }

    /// To be called after a transfer's flag was set.
    func noticeCancellation() {
        mailbox.withLock { $0.hasCancellations = true }
        multi.wakeUp()
    }

    /// Ends `run`; transfers that are under way end as cancelled.
    func stop() {
        mailbox.withLock { $0.stops = true }
        multi.wakeUp()
    }

    /// The thread's body.
    func run() {
        var waiting: [CurlTransfer] = []
        var active: [CurlEasy.ID: CurlTransfer] = [:]
        while true {
            let mail = mailbox.withLock { mailbox in
                let mail = mailbox
                mailbox = Mailbox(stops: mail.stops)
                return mail
            }
            waiting += mail.submitted
            if mail.hasCancellations || mail.stops {
                let isUnwanted = { (transfer: CurlTransfer) in mail.stops || transfer.cancellation.isSet }
                // Each is asked once: its flag may be set at any moment, and one that is dropped must be cancelled.
                waiting = waiting.filter { transfer in
                    guard isUnwanted(transfer) else { return true }
                    transfer.cancel(in: multi)
                    return false
                }
                for (id, transfer) in active where isUnwanted(transfer) {
                    active[id] = nil
                    transfer.cancel(in: multi)
                }
            }
            if mail.stops { return }
            startWaiting(&waiting, &active)
            multi.perform()
            var hasEnded = false
            while let (id, code) = multi.nextEnded() {
                active.removeValue(forKey: id)?.end(code, in: multi)
                hasEnded = true
            }
            if hasEnded && !waiting.isEmpty { continue }
            // Stalls are noticed when libcurl looks at a transfer, so it has to look now and then.
            multi.wait(milliseconds: active.isEmpty ? 60_000 : 1000)
        }
    }

    private func startWaiting(_ waiting: inout [CurlTransfer], _ active: inout [CurlEasy.ID: CurlTransfer]) {
        let started = waiting.prefix(maximumTransfers - active.count)
        waiting.removeFirst(started.count)
        for transfer in started {
            if transfer.cancellation.isSet {
                transfer.cancel(in: multi)
            } else if let id = transfer.start(in: multi) {
                active[id] = transfer
            }
        }
    }
}
