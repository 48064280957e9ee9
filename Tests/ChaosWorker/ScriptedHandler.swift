import ChaosHarness
import Crypto
import Foundation
import Jobs
import Postgres

/// Does what a job's script says, and leaves one row in `effects` for each job it completes.
struct ScriptedHandler: JobHandler {
    func run(_ job: ClaimedJob) async -> JobOutcome {
        guard let path = try? job.row.decode("local_path", as: String.self), let script = JobScript(path: path) else {
            return .fail("the job has no script")
        }
        guard let digest = await work(for: script.work) else { return .released }
        switch script.step(retryCount: job.state.retryCount, snoozeCount: job.state.snoozeCount) {
        case .snooze: return .snooze("its script puts it off")
        case .retry: return .retry("its script fails this try")
        case .end(.fails): return .fail("its script fails it")
        case .end(.finishes): return .finished(digest)
        case .end(let ending):
            return .done { [id = job.id, lease = job.lease] transaction in
                try transaction.execute("INSERT INTO effects (job_id, lease) VALUES (\(id), \(lease))")
                guard ending == .completes else { throw JobRejection("its script refuses the result") }
                return digest
            }
        }
    }

    /// Hashes a little and waits a little, in turns.
    /// - Returns: nil where it was cancelled.
    private func work(for time: Duration) async -> String? {
        let end = ContinuousClock.now + time
        var hash = SHA256()
        while true {
            hash.update(data: Data(repeating: 7, count: 1 << 15))
            let now = ContinuousClock.now
            guard now < end else { return "\(hash.finalize())" }
            do { try await Task.sleep(for: min(end - now, .milliseconds(50))) } catch { return nil }
        }
    }
}
