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
        let disagreement = try await firstDisagreement(seeds: first..<first + Self.sequences)
        #expect(disagreement == nil)
    }

    @Test(.enabled(if: ModelCheckTests.chosenSeed != nil)) func oneSeed() async throws {
        let seed = try #require(ModelCheckTests.chosenSeed)
        let disagreement = try await firstDisagreement(seeds: seed..<seed + 1)
        #expect(disagreement == nil)
    }

    /// The comparison is worth something: a model that is wrong in a way that shows without concurrency is noticed.
    @Test(
        .enabled(if: ModelCheckTests.chosenSeed == nil),
        arguments: [Flaw.settlesByID, .settlesFinishedJobs, .forgetsCrashes, .countsReleases, .forgetsPause])
    func aWrongModelIsNoticed(flaw: Flaw) async throws {
        let disagreement = try await firstDisagreement(seeds: 0..<Self.sequences, flaw: flaw)
        #expect(disagreement != nil, "\(Self.sequences) seeds found no difference to a queue that \(flaw.rawValue)")
    }

    /// Runs the seeds until model and Postgres disagree.
    /// - Returns: the seed, its steps and what differs; nil where they always agree.
    /// - Throws: where the comparison itself cannot be made; that is no disagreement.
    private func firstDisagreement(seeds: Range<UInt64>, flaw: Flaw? = nil) async throws -> String? {
        let test = try await TestDatabase.migrated()
        let stranger = try await test.connect()
        let database = test.pool(maximumConnections: 1)
        func close() async {
            await stranger.close()
            await database.close()
        }
        do {
            for seed in seeds {
                var pair = try await QueuePair(database: database, stranger: stranger, seed: seed)
                pair.model.flaw = flaw
                guard let disagreement = try await pair.firstDisagreement(within: Self.operations) else { continue }
                await close()
                return "seed \(seed)\n\(disagreement)"
            }
            await close()
            return nil
        } catch {
            await close()
            throw error
        }
    }
}
