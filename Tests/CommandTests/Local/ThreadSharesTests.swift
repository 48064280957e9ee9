import Testing

@testable import lathe

/// Who is encoded when, and by how many threads.
struct ThreadSharesTests {
    private typealias Grant = ThreadShares.Grant

    @Test(arguments: [(threads: 1, file: 1), (2, 2), (8, 8), (64, 64)])
    func aSingleFileGetsAllThreads(threads: Int, file: Int) {
        var shares = ThreadShares(threads: threads, files: 1)
        #expect(shares.ask(0, work: 100) == [Grant(file: 0, threads: file)])
    }

    @Test(arguments: [
        (threads: 2, works: [100, 100], shares: [1, 1]), (8, [100, 100, 100], [2, 3, 3]),
        (4, [9, 8, 7, 6], [1, 1, 1, 1]),
        (4, [100, 100, 100], [1, 1, 2]),
    ])
    func filesThatStartTogetherDivideTheThreads(threads: Int, works: [Int64], shares: [Int]) {
        var machine = ThreadShares(threads: threads, files: works.count)
        let grants = works.enumerated().flatMap { machine.ask($0.offset, work: $0.element) }
        #expect(grants == shares.enumerated().map { Grant(file: $0.offset, threads: $0.element) })
    }

    @Test func aFileWaitsUntilAThreadIsFree() {
        var machine = ThreadShares(threads: 2, files: 4)
        #expect(machine.ask(0, work: 100).count == 1)
        #expect(machine.ask(1, work: 100).count == 1)
        #expect(machine.ask(2, work: 100) == [])
        #expect(machine.ask(3, work: 100) == [])
        #expect(machine.end(1) == [Grant(file: 2, threads: 1)])
    }

    @Test(arguments: [
        // The last of three: nearly all of the other is done, so that its thread is soon free.
        (fraction: 0.9, threads: 2),
        // Both take about as long: each has a thread.
        (0.1, 1),
    ])
    func theLastFileTakesAThreadThatIsSoonFree(fraction: Double, threads: Int) {
        var machine = ThreadShares(threads: 2, files: 3)
        for file in 0..<3 { _ = machine.ask(file, work: 100) }
        machine.report(0, fraction)
        #expect(machine.end(1) == [Grant(file: 2, threads: threads)])
    }

    @Test func filesThatAreDoneAlreadyHoldNoThreadBack() {
        var machine = ThreadShares(threads: 4, files: 3)
        #expect(machine.leave(0) == [])
        #expect(machine.leave(1) == [])
        #expect(machine.ask(2, work: 100) == [Grant(file: 2, threads: 4)])
    }

    @Test func aFileThatGivesUpWaitingMakesRoom() {
        var machine = ThreadShares(threads: 1, files: 3)
        #expect(machine.ask(0, work: 100).count == 1)
        #expect(machine.ask(1, work: 100) == [])
        #expect(machine.ask(2, work: 100) == [])
        #expect(machine.end(1) == [])
        #expect(machine.end(0) == [Grant(file: 2, threads: 1)])
        #expect(machine.leave(0) == [])
        #expect(machine.leave(1) == [])
    }
}
