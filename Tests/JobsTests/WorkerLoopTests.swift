import Testing

@testable import Jobs

/// The loop's decisions, told by calling it and comparing what it asks for.
@Suite struct WorkerLoopTests {
    /// Scans and claims, and has the claim bring `count` jobs.
    func claim(_ count: Int, of limit: Int, _ loop: inout WorkerLoop, _ here: SourceLocation = #_sourceLocation) {
        #expect(loop.next() == .scan, sourceLocation: here)
        loop.scanned()
        #expect(loop.next() == .exchange(write: 0, claim: limit), sourceLocation: here)
        loop.exchanged(count, of: limit)
    }

    @Test func claimsForItsFreeSlotsAndThenSleeps() {
        var loop = WorkerLoop(mode: .forever, slots: 4)
        claim(1, of: 4, &loop)
        #expect(loop.next() == .pause)
        #expect(loop.next() == .wait)
        #expect(loop.pauseEnded(isShuttingDown: false) == false)
        claim(0, of: 3, &loop)
        #expect(loop.next() == .pause)
    }

    @Test func claimsAgainWithTheOutcomeOfAFullClaimsJob() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        claim(2, of: 2, &loop)
        #expect(loop.next() == .pause)
        loop.jobEnded(gathers: false)
        #expect(loop.next() == .exchange(write: 0, claim: 1))
    }

    @Test func waitsForThePollWhenTheLastClaimFoundNoMore() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        claim(1, of: 2, &loop)
        #expect(loop.next() == .pause)
        loop.jobEnded(gathers: false)
        #expect(loop.next() == .wait)
    }

    @Test func theLastRunningJobsOutcomeIsWrittenAtOnce() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        claim(1, of: 2, &loop)
        #expect(loop.next() == .pause)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .exchange(write: 1, claim: 0))
        loop.exchanged(0, of: 0)
        #expect(loop.next() == .wait)
    }

    @Test func outcomesGatherForAMomentWhileOthersRun() {
        var loop = WorkerLoop(mode: .forever, slots: 8)
        claim(8, of: 8, &loop)
        #expect(loop.next() == .pause)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .linger)
        loop.jobEnded(gathers: true)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .wait)
        loop.lingered()
        #expect(loop.next() == .exchange(write: 3, claim: 3))
        #expect(loop.gathered == 0)
    }

    @Test func outcomesGatherWhileAnExchangeIsUnderWay() {
        var loop = WorkerLoop(mode: .forever, slots: 4)
        claim(4, of: 4, &loop)
        #expect(loop.next() == .pause)
        loop.jobEnded(gathers: false)
        #expect(loop.next() == .exchange(write: 0, claim: 1))
        for _ in 0..<3 { loop.jobEnded(gathers: true) }
        #expect(loop.next() == .wait)
        loop.exchanged(0, of: 1)
        #expect(loop.next() == .exchange(write: 3, claim: 0))
    }

    @Test func aBatchIsBounded() {
        var loop = WorkerLoop(mode: .forever, slots: 1000)
        claim(JobQueue.maximumBatch, of: JobQueue.maximumBatch, &loop)
        #expect(loop.next() == .exchange(write: 0, claim: JobQueue.maximumBatch))
        for _ in 0..<JobQueue.maximumBatch { loop.jobEnded(gathers: true) }
        loop.exchanged(JobQueue.maximumBatch, of: JobQueue.maximumBatch)
        #expect(
            loop.next() == .exchange(write: JobQueue.maximumBatch, claim: JobQueue.maximumBatch),
            "a full batch does not linger")
    }

    @Test func aFullBatchIsSentBehindTheExchangeUnderWay() {
        var loop = WorkerLoop(mode: .forever, slots: 6, batch: 2)
        claim(2, of: 2, &loop)
        #expect(loop.next() == .exchange(write: 0, claim: 2))
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .pause)
        #expect(loop.next() == .wait, "half a batch waits for the answer")
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .exchange(write: 2, claim: 2), "the last claim came back full, so more may wait")
        loop.jobEnded(gathers: true)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .wait, "two are enough")
        loop.exchanged(1, of: 2)
        loop.exchanged(0, of: 2)
        #expect(loop.next() == .exchange(write: 2, claim: 0))
    }

    @Test func aRunThatIsToEndStopsWhenAClaimFailsButNotBeforeWhatRunsIsWritten() {
        var loop = WorkerLoop(mode: .untilEmpty, slots: 2)
        claim(1, of: 2, &loop)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .exchange(write: 1, claim: 2))
        loop.exchangeFailed(of: 2, unwritten: 1)
        loop.stopClaiming()
        #expect(loop.next() == .hold(attempt: 1))
        #expect(loop.next() == .pause)
        loop.holdEnded()
        #expect(loop.next() == .exchange(write: 1, claim: 0))
        loop.exchanged(0, of: 0)
        #expect(loop.next() == .stop)
    }

    @Test func aDrainWhoseOutcomesAreGivenUpLooksAgain() {
        var loop = WorkerLoop(mode: .untilEmpty, slots: 2)
        claim(1, of: 2, &loop)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .exchange(write: 1, claim: 2))
        loop.exchangeFailed(of: 2, unwritten: 0)
        #expect(loop.next() == .scan)
    }

    @Test func outcomesThatCouldNotBeWrittenAreTriedAgainAfterAWhile() {
        var loop = WorkerLoop(mode: .forever, slots: 1)
        claim(1, of: 1, &loop)
        #expect(loop.next() == .pause)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .exchange(write: 1, claim: 1))
        loop.exchangeFailed(of: 1, unwritten: 1)
        #expect(loop.next() == .hold(attempt: 1))
        #expect(loop.next() == .wait)
        loop.holdEnded()
        #expect(loop.next() == .exchange(write: 1, claim: 0))
        loop.exchanged(0, of: 0)
        #expect(loop.gathered == 0)
    }

    @Test func aDueJobIsClaimedWithoutAScan() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        claim(0, of: 2, &loop)
        #expect(loop.next() == .pause)
        loop.dueCame()
        #expect(loop.next() == .exchange(write: 0, claim: 2))
    }

    // MARK: The doorbell

    @Test func armsTheBellWhenNothingIsLeftAndPollsOnceMoreBeforeItSleeps() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        loop.rang(ear: 1)
        claim(0, of: 2, &loop)
        #expect(loop.next() == .arm(true))
        #expect(loop.next() == .pause)
        loop.armed(succeeded: true)
        claim(0, of: 2, &loop)
        #expect(loop.next() == .wait)
        loop.rang(ear: 1)
        claim(1, of: 2, &loop)
        #expect(loop.next() == .wait, "still armed, because a slot is free")
    }

    @Test func disarmsTheBellWhileAllSlotsAreBusy() {
        var loop = WorkerLoop(mode: .forever, slots: 1)
        loop.rang(ear: 1)
        claim(0, of: 1, &loop)
        #expect(loop.next() == .arm(true))
        loop.armed(succeeded: true)
        claim(1, of: 1, &loop)
        #expect(loop.next() == .arm(false))
        loop.armed(succeeded: true)
        #expect(loop.next() == .pause)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .exchange(write: 1, claim: 1))
        loop.exchanged(0, of: 1)
        #expect(loop.next() == .arm(true))
    }

    @Test func armsAnewForANewConnection() {
        var loop = WorkerLoop(mode: .forever, slots: 1)
        loop.rang(ear: 1)
        claim(0, of: 1, &loop)
        #expect(loop.next() == .arm(true))
        loop.armed(succeeded: true)
        claim(0, of: 1, &loop)
        #expect(loop.next() == .pause)
        loop.rang(ear: nil)
        claim(0, of: 1, &loop)
        #expect(loop.next() == .wait, "nobody would hear it")
        loop.rang(ear: 2)
        claim(0, of: 1, &loop)
        #expect(loop.next() == .arm(true))
    }

    @Test func aBellThatCouldNotBeArmedWaitsForThePoll() {
        var loop = WorkerLoop(mode: .forever, slots: 1)
        loop.rang(ear: 1)
        claim(0, of: 1, &loop)
        #expect(loop.next() == .arm(true))
        #expect(loop.next() == .pause)
        loop.armed(succeeded: false)
        #expect(loop.next() == .wait)
    }

    // MARK: Shutdown

    @Test func aShutdownClaimsNothingMoreAndStopsWithTheLastOutcome() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        claim(2, of: 2, &loop)
        #expect(loop.next() == .pause)
        #expect(loop.pauseEnded(isShuttingDown: true) == true)
        #expect(loop.next() == .wait)
        loop.jobEnded(gathers: false)
        #expect(loop.next() == .wait)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .exchange(write: 1, claim: 0))
        loop.exchanged(0, of: 0)
        #expect(loop.next() == .stop)
    }

    @Test func aShutdownWithNothingRunningStopsAtOnce() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        claim(0, of: 2, &loop)
        #expect(loop.next() == .pause)
        #expect(loop.pauseEnded(isShuttingDown: true) == true)
        #expect(loop.next() == .stop)
    }

    @Test func nothingIsClaimedBetweenTheRequestToShutDownAndTheEndOfTheSleep() {
        var loop = WorkerLoop(mode: .forever, slots: 1)
        claim(1, of: 1, &loop)
        #expect(loop.next() == .pause)
        loop.jobEnded(gathers: false)
        #expect(loop.next(isShuttingDown: true) == .wait)
        #expect(loop.pauseEnded(isShuttingDown: true) == true)
        #expect(loop.next(isShuttingDown: true) == .stop)
    }

    @Test func aClaimUnderWayIsWaitedForAndNotDoubled() {
        var loop = WorkerLoop(mode: .forever, slots: 2)
        #expect(loop.next() == .scan)
        loop.scanned()
        #expect(loop.next() == .exchange(write: 0, claim: 2))
        #expect(loop.next() == .pause)
        #expect(loop.next() == .wait)
        #expect(loop.pauseEnded(isShuttingDown: true) == true)
        #expect(loop.next() == .wait)
        loop.exchanged(1, of: 2)
        #expect(loop.next() == .wait)
        loop.jobEnded(gathers: false)
        #expect(loop.next() == .stop)
    }

    @Test func aCancelledLoopWritesWhatItHasAndStops() {
        var loop = WorkerLoop(mode: .forever, slots: 4)
        claim(3, of: 4, &loop)
        loop.cancelled()
        for _ in 0..<3 { loop.jobEnded(gathers: true) }
        #expect(loop.next() == .exchange(write: 3, claim: 0))
        loop.exchanged(0, of: 0)
        #expect(loop.next() == .stop)
    }

    // MARK: Runs that end by themselves

    @Test func onceRunsOneClaim() {
        var loop = WorkerLoop(mode: .once, slots: 2)
        claim(2, of: 2, &loop)
        #expect(loop.next() == .pause)
        loop.jobEnded(gathers: false)
        #expect(loop.next() == .wait)
        loop.jobEnded(gathers: false)
        #expect(loop.next() == .stop)
    }

    @Test func untilEmptyStopsAlthoughAClaimTakesLongerThanThePoll() {
        var loop = WorkerLoop(mode: .untilEmpty, slots: 2)
        #expect(loop.next() == .scan)
        #expect(loop.next() == .pause)
        #expect(loop.pauseEnded(isShuttingDown: false) == false)
        loop.scanned()
        #expect(loop.next() == .exchange(write: 0, claim: 2))
        #expect(loop.next() == .pause)
        #expect(loop.pauseEnded(isShuttingDown: false) == false)
        loop.exchanged(0, of: 2)
        #expect(loop.next() == .stop)
    }

    @Test func untilEmptyLooksAgainWhenAJobEndedUnderAnEmptyClaim() {
        var loop = WorkerLoop(mode: .untilEmpty, slots: 2)
        claim(1, of: 2, &loop)
        #expect(loop.next() == .pause)
        #expect(loop.pauseEnded(isShuttingDown: false) == false)
        #expect(loop.next() == .scan)
        loop.scanned()
        #expect(loop.next() == .exchange(write: 0, claim: 1))
        loop.jobEnded(gathers: false)
        loop.exchanged(0, of: 1)
        claim(0, of: 2, &loop)
        #expect(loop.next() == .stop)
    }

    @Test func untilEmptyStopsOnlyAfterAnEmptyClaimWithNothingRunning() {
        var loop = WorkerLoop(mode: .untilEmpty, slots: 2)
        claim(1, of: 2, &loop)
        #expect(loop.next() == .pause)
        #expect(loop.next() == .wait)
        loop.jobEnded(gathers: true)
        #expect(loop.next() == .exchange(write: 1, claim: 2))
        loop.exchanged(0, of: 2)
        claim(0, of: 2, &loop)
        #expect(loop.next() == .stop)
    }
}
