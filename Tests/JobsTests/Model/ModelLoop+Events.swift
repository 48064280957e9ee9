@testable import Jobs

/// What happens to the loop from outside.
extension ModelLoop {
    // MARK: Storm

    /// Somebody rings, shuts down or gives up, or time passes.
    mutating func disturb() {
        switch generator.below(40) {
        case ..<18: rang(by: [nil, 1, 2][generator.below(3)])
        case ..<36:
            note("the next job is due")
            loop.dueCame()
        case 36, 37:
            note("a shutdown is asked for")
            isAsked = true
        case 38:
            note("it is cancelled")
            (isTold, isDraining) = (true, true)
            loop.cancelled()
        default: stopClaiming()
        }
    }

    private mutating func stopClaiming() {
        note("it is to claim nothing more")
        isTold = true
        loop.stopClaiming()
    }

    private mutating func rang(by ear: Int?) {
        note("a ring by \(ear.map(String.init) ?? "nobody")")
        self.ear = ear
        loop.rang(ear: ear)
    }

    // MARK: Ends

    /// Ends one thing that runs or is under way.
    /// - Returns: false where nothing does but a sleep that must not be needed.
    @discardableResult
    mutating func endOne() -> Bool {
        let places = begun.indices.filter { !isCalm || mode != .forever || isAsked || !begun[$0].isPause }
        guard running + places.count > 0 else { return false }
        let choice = generator.below(running + places.count)
        guard choice >= running else {
            endJob()
            return true
        }
        switch begun.remove(at: places[choice - running]) {
        case .scan(let finds):
            note("the scan ends and found \(finds)")
            hidden -= finds
            backlog += finds
            loop.scanned()
        case .exchange(let write, let claim, let sees): endExchange(write: write, claim: claim, sees: sees)
        case .linger:
            note("the linger ends")
            loop.lingered()
        case .hold:
            note("the hold ends")
            loop.holdEnded()
        case .arm(let arms):
            let succeeded = isCalm || generator.chance(70)
            note("arming \(succeeded ? "succeeds" : "fails")")
            if succeeded { isArmed = arms }
            loop.armed(succeeded: succeeded)
        case .pause:
            note("the pause ends")
            let drains = loop.pauseEnded(isShuttingDown: isAsked)
            isTold = isTold || isAsked
            isDraining = isDraining || drains
        case .ring: rang(by: ear)
        }
        return true
    }

    private mutating func endJob() {
        let gathers = generator.chance(60)
        note("a job ends, its outcome \(gathers ? "is to be" : "was") written")
        running -= 1
        if gathers { gathered += 1 }
        if isCalm, arrivals > 0, generator.chance(50) { arrive() }
        loop.jobEnded(gathers: gathers)
    }

    private mutating func endExchange(write: Int, claim: Int, sees: Int?) {
        guard !isCalm else { return succeed(min(claim, backlog, sees ?? backlog), of: claim, unwritten: 0) }
        switch generator.below(10) {
        case ..<3: succeed(claim, of: claim, unwritten: 0)
        case ..<5: succeed(generator.below(claim + 1), of: claim, unwritten: 0)
        case 5: succeed(0, of: claim, unwritten: 0)
        case 6, 7: succeed(generator.below(claim + 1), of: claim, unwritten: generator.below(write + 1))
        case 8 where write > 0 && generator.chance(20): fail(of: claim, unwritten: 0)
        default: fail(of: claim, unwritten: write)
        }
    }

    private mutating func succeed(_ count: Int, of limit: Int, unwritten: Int) {
        note("an exchange brings \(count) of \(limit), \(unwritten) outcomes are not written")
        running += count
        gathered += unwritten
        backlog = max(0, backlog - count)
        if mode == .once, limit > 0 { isTold = true }
        loop.exchanged(count, of: limit, unwritten: unwritten)
    }

    private mutating func fail(of limit: Int, unwritten: Int) {
        note("an exchange for \(limit) fails, \(unwritten) outcomes are not written")
        gathered += unwritten
        // As `JobWorker` does.
        if mode != .forever, unwritten == 0 { stopClaiming() }
        loop.exchangeFailed(of: limit, unwritten: unwritten)
    }

    // MARK: Calm

    /// A job comes, in the open or where only a scan finds it, and rings if the bell is armed.
    private mutating func arrive() {
        arrivals -= 1
        if scans, generator.chance(40) { hidden += 1 } else { backlog += 1 }
        note("a job arrives: \(backlog) + \(hidden) wait, \(isArmed ? "and it rings" : "silently")")
        if mode == .forever, isArmed { begun.append(.ring) }
    }

    /// From now on all goes well, and no poll is needed.
    mutating func comeToRest() throws(Violation) {
        note("calm")
        isCalm = true
        arrivals = generator.below(8)
        if mode == .forever {
            rang(by: 3)
            try drive()
        }
        try settle()
        guard !hasEnded else { return }
        note("the next job is due")
        backlog += 1
        loop.dueCame()
        try drive()
        try settle()
    }

    private mutating func settle() throws(Violation) {
        let limit = 100 + 20 * (running + gathered + begun.count + arrivals)
        for _ in 0..<limit where !hasEnded {
            if mode == .forever, arrivals > 0, generator.chance(15) {
                arrive()
            } else if !endOne() {
                guard arrivals > 0 else { return try checkRest() }
                arrive()
            }
            try drive()
        }
        guard hasEnded else { throw Violation("\(limit) events, and no rest") }
    }

    private func note(_ event: @autoclosure () -> String) {
        trace?.add(event())
    }
}
