import Foundation
import Testing

@testable import Jobs

/// Random interleavings of workers, crashes, silences, rescues, operators and hands, thousands of them; after every
/// write the rows must be what they may be, and in the end every job must have come to one.
///
/// `LATHE_MODEL_SEED=17 swift test --filter ModelCheckTests` runs one seed and prints its steps, and with
/// `LATHE_MODEL_SEEDS=100000` it runs as many.
@Suite struct ModelCheckTests {
    static let chunks = 8
    static let chosenSeed = number("LATHE_MODEL_SEED")
    static let seedsInChunk = (number("LATHE_MODEL_SEEDS") ?? 2400) / UInt64(chunks)

    private static func number(_ variable: String) -> UInt64? {
        ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
    }

    /// - Returns: the world after its last step, and what was wrong with it.
    static func run(seed: UInt64, flaw: Flaw? = nil, traces: Bool = false) -> (world: ModelWorld?, Violation?) {
        var world: ModelWorld?
        do {
            world = try ModelWorld(seed: seed, flaw: flaw, traces: traces)
            for _ in 0..<250 { try world?.step() }
            try world?.quiesce()
        } catch {
            return (world, error)
        }
        return (world, nil)
    }

    /// What led to a violation: the same seed once more, with its steps written down.
    static func report(seed: UInt64, flaw: Flaw? = nil) -> Comment {
        let (world, violation) = run(seed: seed, flaw: flaw, traces: true)
        let steps = (world?.trace?.steps ?? []).joined(separator: "\n")
        return "seed \(seed): \(violation?.description ?? "nothing is wrong")\n\(steps)"
    }

    @Test(.enabled(if: chosenSeed == nil), arguments: 0..<chunks)
    func noInterleavingBreaksThePromises(chunk: Int) {
        let first = UInt64(chunk) * Self.seedsInChunk
        for seed in first..<first + Self.seedsInChunk where Self.run(seed: seed).1 != nil {
            Issue.record(Self.report(seed: seed))
            return
        }
    }

    @Test(.enabled(if: chosenSeed != nil)) func oneSeed() throws {
        let seed = try #require(Self.chosenSeed)
        Issue.record(Self.report(seed: seed), severity: .warning)
        #expect(Self.run(seed: seed).1 == nil)
    }

    /// The check is worth something: it finds every mistake that is made on purpose.
    @Test(.enabled(if: chosenSeed == nil), arguments: Flaw.allCases)
    func everyFlawIsFound(flaw: Flaw) {
        let found = (0..<2000).first { Self.run(seed: $0, flaw: flaw).1 != nil }
        #expect(found != nil, "2000 seeds found nothing wrong with a queue that \(flaw.rawValue)")
    }
}
