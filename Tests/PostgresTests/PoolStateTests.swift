import Testing

@testable import Postgres

struct PoolStateTests {
    private typealias State = PoolState<String, String>

    @Test func permitsAreGivenUpToTheMaximumThenCallersWait() {
        var state = State(maximum: 2)
        #expect(state.acquire().summary == "permit")
        #expect(state.acquire().summary == "permit")
        #expect(state.acquire().summary == "wait")
        #expect(state.open == 2)
    }

    @Test func theConnectionUsedLastIsUsedFirst() {
        var state = State(maximum: 2)
        _ = (state.acquire(), state.acquire())
        #expect(state.giveBack("first") == nil)
        #expect(state.giveBack("second") == nil)
        #expect(state.acquire().summary == "second")
        #expect(state.acquire().summary == "first")
    }

    @Test func waitersAreServedInTheOrderTheyCame() {
        var state = State(maximum: 1)
        _ = state.acquire()
        for name in ["a", "b", "c", "d"] { state.enqueue(name, id: state.nextID()) }
        #expect(state.removeWaiter(id: 2) == "b")
        #expect(state.removeWaiter(id: 2) == nil)
        #expect(state.giveBack("connection")?.0 == "a")
        #expect(state.giveBackPermit()?.0 == "c")
        #expect(state.giveBack("connection")?.0 == "d")
        #expect(state.waiting == 0)
        #expect(state.open == 1)
    }

    @Test func aLostConnectionMakesRoomForAnother() {
        var state = State(maximum: 1)
        _ = state.acquire()
        #expect(state.giveBackPermit() == nil)
        #expect(state.open == 0)
        #expect(state.acquire().summary == "permit")
    }

    @Test func closingReturnsWhatIsIdleAndWhoWaitsAndTakesTheRestBack() {
        var state = State(maximum: 2)
        _ = (state.acquire(), state.acquire())
        #expect(state.giveBack("idle") == nil)
        state.enqueue("waiter", id: state.nextID())
        let (idle, waiters) = state.close()
        #expect(idle == ["idle"])
        #expect(waiters == ["waiter"])
        #expect(state.acquire().summary == "closed")
        #expect(state.giveBack("late") == nil)
        #expect(state.open == 0)
    }
}

extension PoolState<String, String>.Answer {
    fileprivate var summary: String {
        switch self {
        case .lease(.connection(let name)): name
        case .lease(.permit): "permit"
        case .wait: "wait"
        case .closed: "closed"
        }
    }
}
