import Foundation

/// What a run did and what came of it.
package struct ChaosReport: Sendable, CustomStringConvertible {
    package let seed: UInt64
    package var took: Duration = .zero
    package var jobs = 0
    package var completed = 0
    package var failed = 0
    /// Claims.
    package var attempts = 0
    /// Retries burnt, all of them by the jobs' scripts unless there are complaints.
    package var retries = 0
    /// Crashes counted, and how many of them no kill and no stop explains: outages do.
    package var crashes = 0
    package var crashesByOutage = 0
    /// Jobs FAILED because workers were taken from under them three times.
    package var poisoned = 0
    /// Those of them whose workers were killed or stopped less than three times: outages did the rest.
    package var poisonedByOutage = 0
    /// COMPLETED jobs without the effect they must have.
    package var lost = 0
    /// Jobs with more than one effect, or completed more than once by their history.
    package var doubled = 0
    /// Jobs neither COMPLETED nor FAILED in the end.
    package var unfinished = 0
    /// How often each fault happened.
    package var faults: [ChaosPlan.Fault: Int] = [:]
    /// Connections that faults of the proxy ended.
    package var cutConnections = 0
    /// From each kill until every job the worker held had been claimed again or was finished, less the time in which
    /// the database could not be reached; of the kills that met a job.
    package var recoveries: [Duration] = []
    /// The longest of them with that time.
    package var slowestRecoveryWithOutages: Duration = .zero
    /// What must not be.
    package var complaints: [String] = []
    /// Where the workers' logs are.
    package var logs = ""

    package init(seed: UInt64) { self.seed = seed }

    package var slowestRecovery: Duration { recoveries.max() ?? .zero }

    package var description: String {
        let faults = ChaosPlan.Fault.allCases
            .compactMap { fault in self.faults[fault].map { "\(fault.rawValue) \($0)" } }.joined(separator: ", ")
        let mean = recoveries.isEmpty ? .zero : recoveries.reduce(.zero, +) / recoveries.count
        var lines = [
            "seed \(seed), \(took.inSeconds)",
            "jobs \(jobs): completed \(completed), failed \(failed), of these after three crashes \(poisoned) "
                + "(\(poisonedByOutage) with the help of outages), unfinished \(unfinished)",
            "attempts \(attempts), retries \(retries), crashes \(crashes), "
                + "of these by outages alone \(crashesByOutage)",
            "faults: \(faults); connections cut \(cutConnections)",
            "recovery after a kill: \(recoveries.count) measured, mean \(mean.inSeconds), "
                + "max \(slowestRecovery.inSeconds); with the outages meanwhile, max "
                + slowestRecoveryWithOutages.inSeconds,
            "lost \(lost), doubled \(doubled), complaints \(complaints.count)",
        ]
        lines += complaints.prefix(40).map { "  \($0)" }
        if complaints.count > 40 { lines.append("  and \(complaints.count - 40) more") }
        if !complaints.isEmpty { lines.append("logs of the workers: \(logs)") }
        return lines.joined(separator: "\n")
    }

    /// Adds what the jobs' rows say.
    /// - Parameters:
    ///   - blows: kills and stops of workers, by the jobs they held.
    ///   - disturbances: when something began and ended that may have cost any job its worker.
    mutating func judge(_ rows: [JobOutcomeRow], blows: [UUID: Int], disturbances: [ClosedRange<Date>]) {
        jobs = rows.count
        for row in rows {
            let hits = blows[row.id] ?? 0
            let life = row.created...max(row.created, row.finished ?? .now)
            let possible = hits + disturbances.count { $0.overlaps(life) }
            complaints += row.complaints(blows: possible).map { "job \(row.id.uuidString.lowercased()) \($0)" }
            completed += row.status == "COMPLETED" ? 1 : 0
            failed += row.status == "FAILED" ? 1 : 0
            unfinished += row.isFinished ? 0 : 1
            attempts += row.attempts
            retries += row.retries
            crashes += row.crashes
            crashesByOutage += max(0, row.crashes - hits)
            poisoned += row.isPoisoned ? 1 : 0
            poisonedByOutage += row.isPoisoned && hits < row.crashes ? 1 : 0
            lost += row.status == "COMPLETED" && row.effects < (row.script?.effects ?? 0) ? 1 : 0
            doubled += row.effects > 1 || row.history["completed", default: 0] > 1 ? 1 : 0
        }
    }
}

extension Duration {
    /// For people: seconds with one digit.
    var inSeconds: String {
        "\((self / .milliseconds(1) / 100).rounded() / 10) s"
    }
}
