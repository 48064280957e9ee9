import Foundation
import Postgres

/// One job as it stands when all is over.
struct JobOutcomeRow: Sendable {
    let id: UUID
    let path: String
    let status: String
    let retries: Int
    let crashes: Int
    let attempts: Int
    let error: String?
    let created: Date
    let finished: Date?
    /// It still names a worker or a lease.
    let isHeld: Bool
    let effects: Int
    /// How its attempts ended, as its history has it: "completed", "retried" …, each with how often.
    let history: [String: Int]

    init(_ row: PostgresRow) throws {
        id = try row.decode("id")
        path = try row.decode("local_path")
        status = try row.decode("status")
        retries = try row.decode("retry_count")
        crashes = try row.decode("crash_count")
        attempts = try row.decode("attempt_count")
        error = try row.decode("error_log")
        created = try row.decode("created_at")
        finished = try row.decode("finished_at")
        isHeld =
            try row.decode("worker_id", as: UUID?.self) != nil || row.decode("lease_token", as: UUID?.self) != nil
        effects = try row.decode("effects")
        history = Dictionary((try row.decode("history", as: [String].self)).map { ($0, 1) }, uniquingKeysWith: +)
    }

    static let maximumCrashes = 3

    var script: JobScript? { JobScript(path: path) }

    var isFinished: Bool { status == "COMPLETED" || status == "FAILED" }

    /// FAILED because workers died under it, whatever its script says.
    var isPoisoned: Bool { status == "FAILED" && error?.contains("crash \(Self.maximumCrashes) of") == true }

    /// What is wrong with it.
    /// - Parameter blows: how often a worker was taken from under it, or may have been.
    func complaints(blows: Int) -> [String] {
        guard let script else { return ["has no script"] }
        guard isFinished else { return ["never finished: \(status)"] }
        var complaints: [String] = []
        func check(_ holds: Bool, _ complaint: String) {
            if !holds { complaints.append(complaint) }
        }
        check(effects == (status == "COMPLETED" ? script.effects : 0), "\(status) with \(effects) effects")
        let remembered = history.values.reduce(0, +)
        check(remembered == attempts, "attempt_count is \(attempts), its history has \(remembered): \(history)")
        for (outcome, count) in [
            ("completed", status == "COMPLETED" ? 1 : 0), ("retried", retries), ("crashed", crashes),
            ("failed", status == "FAILED" && !isPoisoned ? 1 : 0),
        ] {
            let found = history[outcome] ?? 0
            check(found == count, "\(outcome) \(found) times by its history, \(count) times by its row")
        }
        check(!isHeld, "finished, and still names a worker or a lease")
        check((0...Self.maximumCrashes).contains(crashes), "crash_count is \(crashes)")
        check(crashes <= blows, "crash_count is \(crashes), and only \(blows) faults can have met it")
        if isPoisoned {
            check(crashes == Self.maximumCrashes, "says it crashed \(Self.maximumCrashes) times, counted \(crashes)")
            check(retries <= script.retries, "retry_count is \(retries), its script allows \(script.retries)")
            check(attempts >= retries + crashes, "attempt_count is \(attempts)")
        } else {
            check(status == (script.endsCompleted ? "COMPLETED" : "FAILED"), "\(status), its script says otherwise")
            check(retries == script.retries, "retry_count is \(retries), its script says \(script.retries)")
            check(attempts >= retries + crashes + 1, "attempt_count is \(attempts)")
        }
        return complaints
    }
}
