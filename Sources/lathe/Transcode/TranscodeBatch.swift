import Pipeline
import SystemPackage

/// Transcodes files side by side and goes on past those that fail.
struct TranscodeBatch: Sendable {
    let transcoder: FileTranscoder
    /// In all.
    let threads: Int
    let report: BatchReport

    /// Runs the jobs, in their order as far as threads are free; returns early where the task is cancelled.
    func run(_ jobs: [TranscodeJob]) async {
        let turns = EncodingTurns(threads: threads, files: jobs.count)
        let board = ProgressBoard(files: jobs.count, bytes: jobs.reduce(0) { $0 + $1.size })
        await withTaskGroup(of: Void.self) { group in
            var next = jobs.enumerated().makeIterator()
            func startNext() {
                guard !Task.isCancelled, let (number, job) = next.next() else { return }
                group.addTask { await run(job, number: number, turns: turns, board: board) }
            }
            // More than are encoded at once: while one is made durable, another is looked up, so that no core waits.
            for _ in 0..<(2 * threads + 2) { startNext() }
            while await group.next() != nil { startNext() }
        }
    }

    private func run(_ job: TranscodeJob, number: Int, turns: EncodingTurns, board: ProgressBoard) async {
        do {
            let outcome = try await transcoder.run(job, number: number, turns: turns) { fraction in
                board.update(number, job.source.shown, bytes: job.size, fraction)
            }
            board.end(number, bytes: job.size)
            report.ended(job, outcome)
        } catch {
            board.end(number, bytes: job.size)
            // That all of them are stopped is said once.
            guard !Task.isCancelled else { return }
            report.failed(job.source, output: job.target, CommandError(error)?.message ?? "\(error)")
        }
    }
}
