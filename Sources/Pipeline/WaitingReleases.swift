import Foundation
import Jobs
import Logging
import Synchronization

/// Says how far the releases are that still wait: once when it changes, and again every few minutes, so that a log
/// shows what stands still without being filled by it.
final class WaitingReleases: Sendable {
    private struct Said {
        let progress: ReleaseProgress
        let at: ContinuousClock.Instant
    }

    private let said = Mutex<[UUID: Said]>([:])
    private let repeatAfter: Duration
    private let logger: Logger

    init(repeatAfter: Duration = .seconds(300), logger: Logger) {
        self.repeatAfter = repeatAfter
        self.logger = logger
    }

    /// The most lines of one report, so that a thousand waiting releases do not bury the rest of the log.
    private static let mostLines = 20

    func report(_ releases: [ReleaseProgress]) {
        let news = news(of: releases)
        for release in news.prefix(Self.mostLines) {
            let name = "processing: release \(release.id.lowercased) \"\(release.title)\""
            if let failure = release.failure {
                logger.error("\(name) cannot move on: \(failure) (\(release.sentence))")
            } else {
                logger.info("\(name) waits: \(release.sentence)")
            }
        }
        if news.count > Self.mostLines {
            logger.info("processing: \(news.count - Self.mostLines) more releases wait: see `lathe status`")
        }
    }

    private func news(of releases: [ReleaseProgress]) -> [ReleaseProgress] {
        let now = ContinuousClock.now
        return said.withLock { said in
            let ids = Set(releases.map(\.id))
            said = said.filter { ids.contains($0.key) }
            let news = releases.filter { release in
                guard let last = said[release.id] else { return true }
                return !last.progress.saysTheSame(as: release) || last.at + repeatAfter < now
            }
            for release in news {
                said[release.id] = Said(progress: release, at: now)
            }
            return news
        }
    }
}

extension ReleaseProgress {
    fileprivate func saysTheSame(as other: Self) -> Bool {
        sentence == other.sentence && failure == other.failure
    }
}
