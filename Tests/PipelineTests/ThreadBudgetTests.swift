import Testing

@testable import Pipeline

struct ThreadBudgetTests {
    @Test func aTrackThatIsAloneGetsAllThreadsAndManyGetOneEach() {
        let budget = ThreadBudget(8)
        budget.enter()
        #expect(budget.share == 8)
        budget.enter()
        budget.enter()
        #expect(budget.share == 2)
        for _ in 0..<10 { budget.enter() }
        #expect(budget.share == 1)
        for _ in 0..<12 { budget.leave() }
        #expect(budget.share == 8)
    }

    @Test func noTrackGetsMoreThreadsThanItCanUse() {
        let budget = ThreadBudget(192)
        budget.enter()
        #expect(budget.share == 64)
    }
}
