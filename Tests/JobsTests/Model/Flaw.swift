/// Rules of the database that are wrong on purpose: mistakes other queues made, or that this one could. A check that
/// finds none of them would find nothing.
enum Flaw: String, Sendable, CaseIterable {
    /// An outcome is written to the job's row whoever holds its lease (Oban, swift-jobs).
    case settlesByID
    /// An outcome is written whatever status the row has by now.
    case settlesFinishedJobs
    /// Of two verdicts on one job in one exchange, either is written when one of them holds.
    case mixesVerdictsOfOneJob
    /// The result is stored before, and not together with, the completion.
    case storesResultsApart
    /// A claim believes what it saw before it had the row's lock.
    case claimsUnseen
    /// A rescue does not look again whether the worker lives once it has the row's lock.
    case rescuesTheLiving
    /// A rescue writes what it saw before it had the row's lock, so it may resurrect a finished job (River).
    case rescuesUnseen
    /// A rescued job's crash is not counted, so that poison runs for ever (swift-jobs).
    case forgetsCrashes
    /// A job given back at shutdown has burnt a retry (swift-jobs).
    case countsReleases
    /// One beat is enough to take a claim whose answer is under way for a stray.
    case releasesStraysAtOnce
    /// A cancelled job that runs is marked and keeps its lease and its status until its worker agrees.
    case cancelsPolitely
    /// A pause is obeyed by workers that were told, and not by the claim itself.
    case forgetsPause
}
