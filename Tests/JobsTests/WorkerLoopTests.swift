import Testing

@testable import Jobs

/// The loop's decisions, told by calling it and comparing what it asks for.
@Suite struct WorkerLoopTests {
    @Test func claimsForItsFreeSlotsAndThenSleeps() {
        var loop = WorkerLoop(mode: .forever, slots: 4)
        #expect(loop.next() == .claim(limit: 4, scans: true))
        loop.claimed(1, of: 4)
        #expect(loop.next() == .pause)
        #expect(loop.next() == .wait)
        #expect(loop.pauseEnded(isShuttingDown: false) == false)
        #expect(loop.next() == .claim(limit: 3, scans: true))
    }

    @Test func claimsAgainAtOnceWhenAFullClaimsJobEnds() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        loop.claimed(2, of: 2)
        #expect(loop.next() == .pause)
        #expect(loop.next() == .wait)
        loop.jobEnded()
        #expect(loop.next() == .claim(limit: 1, scans: false))
    }

    @Test func waitsForThePollWhenTheLastClaimFoundNoMore() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        loop.claimed(1, of: 2)
        #expect(loop.next() == .pause)
        loop.jobEnded()
        #expect(loop.next() == .wait)
    }

    @Test func aShutdownClaimsNothingMoreAndStopsWithTheLastJob() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        loop.claimed(2, of: 2)
        #expect(loop.next() == .pause)
        #expect(loop.pauseEnded(isShuttingDown: true) == true)
        #expect(loop.next() == .wait)
        loop.jobEnded()
        #expect(loop.next() == .wait)
        loop.jobEnded()
        #expect(loop.next() == .stop)
    }

    @Test func aShutdownWithNothingRunningStopsAtOnce() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        loop.claimed(0, of: 2)
        #expect(loop.next() == .pause)
        #expect(loop.pauseEnded(isShuttingDown: true) == true)
        #expect(loop.next() == .stop)
    }

    @Test func nothingIsClaimedBetweenTheRequestToShutDownAndTheEndOfTheSleep() {
        var loop = WorkerLoop(mode: .forever, slots: 1)
        #expect(loop.next() == .claim(limit: 1, scans: true))
        loop.claimed(1, of: 1)
        #expect(loop.next() == .pause)
        loop.jobEnded()
        #expect(loop.next(isShuttingDown: true) == .wait)
        #expect(loop.pauseEnded(isShuttingDown: true) == true)
        #expect(loop.next(isShuttingDown: true) == .stop)
    }

    @Test func aClaimUnderWayIsWaitedForAndNotDoubled() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        #expect(loop.next() == .pause)
        #expect(loop.next() == .wait)
        #expect(loop.pauseEnded(isShuttingDown: true) == true)
        #expect(loop.next() == .wait)
        loop.claimed(1, of: 2)
        #expect(loop.next() == .wait)
        loop.jobEnded()
        #expect(loop.next() == .stop)
    }

    @Test func untilEmptyStopsAlthoughAClaimTakesLongerThanThePoll() {
        var loop = WorkerLoop(mode: .untilEmpty, slots: 2)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        #expect(loop.next() == .pause)
        #expect(loop.pauseEnded(isShuttingDown: false) == false)
        loop.claimed(0, of: 2)
        #expect(loop.next() == .stop)
    }

    @Test func untilEmptyLooksAgainWhenAJobEndedUnderAnEmptyClaim() {
        var loop = WorkerLoop(mode: .untilEmpty, slots: 2)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        loop.claimed(1, of: 2)
        #expect(loop.next() == .pause)
        #expect(loop.pauseEnded(isShuttingDown: false) == false)
        #expect(loop.next() == .claim(limit: 1, scans: true))
        loop.jobEnded()
        loop.claimed(0, of: 1)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        loop.claimed(0, of: 2)
        #expect(loop.next() == .stop)
    }

    @Test func onceRunsOneClaim() {
        var loop = WorkerLoop(mode: .once, slots: 2)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        loop.claimed(2, of: 2)
        #expect(loop.next() == .pause)
        loop.jobEnded()
        #expect(loop.next() == .wait)
        loop.jobEnded()
        #expect(loop.next() == .stop)
    }

    @Test func untilEmptyStopsOnlyAfterAnEmptyClaimWithNothingRunning() {
        var loop = WorkerLoop(mode: .untilEmpty, slots: 2)
        #expect(loop.next() == .claim(limit: 2, scans: true))
        loop.claimed(1, of: 2)
        #expect(loop.next() == .pause)
        #expect(loop.next() == .wait)
        loop.jobEnded()
        #expect(loop.next() == .claim(limit: 2, scans: true))
        loop.claimed(0, of: 2)
        #expect(loop.next() == .stop)
    }
}
