import Testing

@testable import Jobs

/// Random orders of all that can happen to a worker's loop, thousands of them. After every step it has begun no more
/// than it may, in the end it has forgotten nothing, and a run that is to end ends.
///
/// `LATHE_MODEL_SEED=17 swift test --filter WorkerLoopPropertyTests` runs one seed and prints its steps.
@Suite struct WorkerLoopPropertyTests {
    static let chunks = 4
    static let seedsInChunk: UInt64 = 3000

    /// - Returns: what was wrong, and the steps that led there.
    private static func violation(seed: UInt64, traces: Bool = false) -> String? {
        var model = ModelLoop(seed: seed, traces: traces)
        do {
            try model.perform()
            return nil
        } catch {
            return (["seed \(seed): \(error.description)"] + (model.trace?.steps ?? [])).joined(separator: "\n")
        }
    }

    @Test(.enabled(if: ModelCheckTests.chosenSeed == nil), arguments: 0..<chunks)
    func everyOrderComesToItsEnd(chunk: Int) {
        let first = UInt64(chunk) * Self.seedsInChunk
        let failing = (first..<first + Self.seedsInChunk).first { Self.violation(seed: $0) != nil }
        #expect(failing.flatMap { Self.violation(seed: $0, traces: true) } == nil)
    }

    @Test(.enabled(if: ModelCheckTests.chosenSeed != nil)) func oneSeed() throws {
        let seed = try #require(ModelCheckTests.chosenSeed)
        #expect(Self.violation(seed: seed, traces: true) == nil)
    }
}
