import Foundation
package import Postgres

/// One job table, and the statements workers run on it: exchange outcomes for new jobs, and store a result. Each is a
/// short transaction of its own; none is open while a job runs.
package struct JobQueue: Sendable {
    package let table: JobTable
    package let database: Database
    package let policy: RetryPolicy
    let claims = ClaimStatements()

    package init(table: JobTable, database: Database, policy: RetryPolicy = RetryPolicy()) {
        self.table = table
        self.database = database
        self.policy = policy
    }

    /// What came of writing an outcome.
    package enum Settlement: Sendable, Hashable {
        /// Written: the state the row has now, how long it waits, and what a handler said of its stored result or
        /// of its failure.
        case settled(JobTransition, summary: String)
        /// The lease was not ours any more, so nothing was written.
        case leaseLost
    }

    /// Writes an outcome, if the lease still holds. A result is stored in the same transaction.
    package func settle(_ job: ClaimedJob, as outcome: JobOutcome) async throws -> Settlement {
        do {
            return try await write(outcome, of: job)
        } catch let rejection as JobRejection {
            return try await write(.fail(rejection.reason), of: job)
        }
    }

    private func write(_ outcome: JobOutcome, of job: ClaimedJob) async throws -> Settlement {
        let verdict = Verdict(outcome, of: job, policy: policy)
        do {
            return try await database.transaction { transaction in
                try transaction.limitLockWait(to: .seconds(5))
                // The result's rows come first and the job's own last: the application's deletes lock a release, its
                // tracks and their jobs in that order, and so must we.
                var summary = outcome.summary
                if case .done(let store) = outcome { summary = try store(transaction) }
                guard try settle([verdict], in: transaction) == 1 else { throw LeaseLost() }
                return .settled(verdict.transition, summary: summary)
            }
        } catch is LeaseLost {
            return .leaseLost
        }
    }

    /// Rolls a settlement back.
    private struct LeaseLost: Error {}

    /// Writes one verdict.
    /// - Returns: false if the lease was not ours any more.
    func settle(_ verdict: Verdict) async throws -> Bool {
        try await database.transaction { transaction in
            try transaction.limitLockWait(to: .seconds(1))
            return try settle([verdict], in: transaction) == 1
        }
    }

    /// - Returns: how many rows were still running under their verdict's lease.
    func settle(
        _ verdicts: [Verdict], where condition: SQL = "true", in transaction: borrowing Transaction
    ) throws(PostgresError) -> Int {
        try transaction.query("WITH \(sql: table.settling(verdicts, where: condition)) SELECT count(*) FROM mine")
            .single().decode(0)
    }

    /// Wakes one of the workers that sleep, for jobs that became due in another way than by an INSERT.
    package func ring() async throws(PostgresError) {
        try await database.execute(table.ringing)
    }
}

extension JobOutcome {
    /// For the log.
    var summary: String {
        if case .finished(let summary) = self { summary } else { error ?? "" }
    }
}

extension Duration {
    /// Seconds with their fraction.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
