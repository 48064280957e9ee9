import Foundation
import Jobs
import Logging
import MediaContract
import MediaSandbox
import ObjectStorage
import Postgres
import Reports
import SystemPackage

/// Cuts the rendition of one track: fetches the master, transcodes it in the media process, stores the MP3, and moves
/// the release on with its last track.
struct ProcessingWorker: JobHandler {
    let catalogue: Catalogue
    let source: MasterSource
    let sandbox: MediaSandbox
    let profile: EncodingProfile
    /// Where masters and renditions lie, without a name, while they are worked on.
    let workDirectory: FilePath
    let waiting: WaitingReleases
    let threads: ThreadBudget
    let logger: Logger

    var scans: Bool { true }

    func scan() async throws {
        // While nothing is PROCESSING, a scan is one look into an empty index.
        guard try await catalogue.hasReleasesInProcessing() else {
            waiting.report([])
            return
        }
        let created = try await catalogue.fanOut(profile)
        if created > 0 {
            logger.info("processing: \(created) tracks are queued")
        }
        for (release, moved) in try await catalogue.completeReadyReleases(profile) {
            switch moved {
            case .success(true): logger.info("processing: release \(release.lowercased) is PENDING_REVIEW")
            case .success(false): break
            case .failure(let error):
                logger.error("processing: release \(release.lowercased) is ready but could not be moved: \(error)")
            }
        }
        let releases = try await catalogue.progress(of: .processing, profile: profile)
        waiting.report(releases)
        for release in releases where release.failure != release.recordedFailure {
            do {
                try await catalogue.recordFailure(of: release)
            } catch {
                logger.warning("processing: release \(release.id.lowercased) could not be marked: \(error)")
            }
        }
    }

    func run(_ job: ClaimedJob) async -> JobOutcome {
        do {
            return try await cutRendition(of: try job.row.decode("track_id"))
        } catch {
            return .failure(error)
        }
    }

    private func cutRendition(of trackID: UUID) async throws -> JobOutcome {
        threads.enter()
        defer { threads.leave() }
        guard let track = try await catalogue.track(trackID) else {
            return .fail("track \(trackID.lowercased) was deleted")
        }
        let masterURL = track.audioURL
        guard !masterURL.isEmpty else { return .fail("track \(trackID.lowercased) has no master yet") }
        var steps = StepTimes()
        let master = try OpenFile.scratch(in: workDirectory)
        try await source.fetch(masterURL, into: master.descriptor)
        let cover = try await fetchCover(track.coverURL)
        steps.end("fetch")
        let output = try OpenFile.scratch(in: workDirectory)
        let report = try await sandbox.transcode(
            master.descriptor, to: output.descriptor, profile: profile, tags: track.tags,
            cover: cover.file.openDescriptor, threads: threads.share, analyzes: true, progress: nil)
        let count = report.parallelism.threads
        steps.end("transcode on \(count) thread\(count == 1 ? "" : "s")")
        let measured = try await storeReport(report, of: master.descriptor, from: masterURL, track: trackID)
        steps.end("report")
        let sha256 = try await FileHash.sha256(of: output.descriptor)
        let key = "renditions/\(trackID.lowercased)/\(profile.name)/\(sha256).mp3"
        _ = try await source.store.put(
            output.descriptor, length: report.bytes, key: key, attributes: ObjectAttributes(contentType: "audio/mpeg"),
            progress: nil)
        steps.end("store")
        var complete = report
        complete.warnings += cover.warnings
        let rendition = StoredRendition(
            report: complete, sourceURL: masterURL, key: key, url: source.store.publicURL(for: key), sha256: sha256)
        let releaseID = track.releaseID
        let took = steps.description
        return .done { transaction in
            try Catalogue.lock(track: trackID, of: releaseID, in: transaction)
            try Catalogue.storeRendition(rendition, track: trackID, in: transaction)
            if let measured { try Catalogue.storeReport(measured, track: trackID, in: transaction) }
            let isLast = try Catalogue.completeRelease(releaseID, profile: profile, in: transaction)
            let summary = "\(rendition.url), \(report.bytes) bytes; \(took)"
            return isLast ? "\(summary); release \(releaseID.lowercased) is PENDING_REVIEW" : summary
        }
    }

    /// Puts what was measured of the master beside the renditions: the report for programs, the page for people, the
    /// waveform for a player.
    private func storeReport(
        _ transcoded: TranscodeReport, of master: FileDescriptor, from masterURL: String, track: UUID
    ) async throws -> StoredReport? {
        guard let analysis = transcoded.analysis else { return nil }
        let report = TrackReport(
            file: masterURL, bytes: try FileStatus(of: master).bytes, sha256: try await FileHash.sha256(of: master),
            inspection: transcoded.source, analysis: analysis)
        let stem = "reports/\(track.lowercased)/\(report.sha256)"
        async let duplicates = catalogue.possibleDuplicates(of: analysis, track: track)
        try await put([UInt8](JSONEncoder.report.encode(report)), as: "\(stem).json", "application/json")
        let page = ReportPage([report], generator: "Lathe \(LatheVersion.current)")
        try await put([UInt8](page.html.utf8), as: "\(stem).html", "text/html; charset=utf-8")
        try await put(WaveformFile(analysis.waveform).dat, as: "\(stem).dat", "application/octet-stream")
        let urls = ["json", "html", "dat"].map { source.store.publicURL(for: "\(stem).\($0)") }
        return StoredReport(
            report: report, sourceURL: masterURL, reportURL: urls[0], pageURL: urls[1], waveformURL: urls[2],
            duplicates: try await duplicates)
    }

    private func put(_ bytes: [UInt8], as key: String, _ contentType: String) async throws {
        let file = try OpenFile.scratch(in: workDirectory)
        try file.descriptor.writeAll(bytes)
        _ = try await source.store.put(
            file.descriptor, length: Int64(bytes.count), key: key,
            attributes: ObjectAttributes(contentType: contentType), progress: nil)
    }

    /// A cover that is gone or is not ours does not stop the audio; one that cannot be reached now does.
    private func fetchCover(_ url: String?) async throws -> Cover {
        guard let url, !url.isEmpty else { return Cover(file: nil, warnings: []) }
        let file = try OpenFile.scratch(in: workDirectory)
        do {
            try await source.fetch(url, into: file.descriptor)
            _ = try await sandbox.inspectImage(file.descriptor)
            return Cover(file: file, warnings: [])
        } catch let error as ObjectStorageError where [.notFound, .rejected, .invalidKey].contains(error.kind) {
            return Cover(file: nil, warnings: ["no cover in the file: \(error.message)"])
        } catch let rejection as JobRejection {
            return Cover(file: nil, warnings: ["no cover in the file: \(rejection.reason)"])
        } catch let failure as MediaFailure where failure.isPermanent {
            return Cover(file: nil, warnings: ["no cover in the file: \(failure.message)"])
        }
    }

    private struct Cover: ~Copyable {
        let file: OpenFile?
        let warnings: [String]
    }
}

/// How long each step of a job took, for its log line.
struct StepTimes: CustomStringConvertible {
    private var steps: [(name: String, took: Duration)] = []
    private var last = ContinuousClock.now

    mutating func end(_ name: String) {
        let now = ContinuousClock.now
        steps.append((name, last.duration(to: now)))
        last = now
    }

    var description: String {
        steps.map { "\($0.name) \(($0.took.seconds * 1000).rounded() / 1000) s" }.joined(separator: ", ")
    }
}
