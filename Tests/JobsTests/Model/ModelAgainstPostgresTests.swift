import Foundation
import Postgres
import TestSupport
import Testing

@testable import Jobs

/// The model is worth as much as it is like the real thing: random sequences of operations on both, one at a time, and
/// the same rows, history and answers after each.
///
/// `LATHE_MODEL_SEED=17 swift test --filter ModelAgainstPostgresTests` runs one seed alone.
@Suite struct ModelAgainstPostgresTests {
    static let sequences: UInt64 = 75
    static let operations = 40

    @Test(.enabled(if: ModelCheckTests.chosenSeed == nil), arguments: 0..<4)
    func modelAndPostgresAgree(chunk: Int) async throws {
        let first = UInt64(chunk) * Self.sequences
        try await compare(first..<first + Self.sequences)
    }

    @Test(.enabled(if: ModelCheckTests.chosenSeed != nil)) func oneSeed() async throws {
        let seed = try #require(ModelCheckTests.chosenSeed)
        try await compare(seed..<seed + 1)
    }

    /// The comparison is worth something: a model that is wrong in a way that shows without concurrency is noticed.
    @Test(
        .enabled(if: ModelCheckTests.chosenSeed == nil),
        arguments: [Flaw.settlesByID, .settlesFinishedJobs, .forgetsCrashes, .countsReleases, .forgetsPause])
    func aWrongModelIsNoticed(flaw: Flaw) async throws {
        await withKnownIssue { try await compare(0..<Self.sequences, flaw: flaw) }
    }

    /// Runs the seeds until one fails.
    private func compare(_ seeds: Range<UInt64>, flaw: Flaw? = nil) async throws {
        let test = try await TestDatabase.migrated()
        let database = test.pool(maximumConnections: 1)
        let stranger = try await test.connect()
        for seed in seeds {
            var pair = try await QueuePair(database: database, stranger: stranger, seed: seed)
            pair.model.flaw = flaw
            for _ in 0..<Self.operations {
                try await pair.step()
                let differences = try await pair.differences()
                guard differences.isEmpty else {
                    let steps = pair.trace.joined(separator: "\n")
                    Issue.record("seed \(seed)\n\(steps)\n\(differences.joined(separator: "\n"))")
                    return
                }
            }
        }
        await stranger.close()
        await database.close()
    }
}
