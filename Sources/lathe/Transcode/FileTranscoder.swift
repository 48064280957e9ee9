import Foundation
import Jobs
import MediaContract
import MediaSandbox
import Pipeline
import Reports
import SystemPackage

/// Makes one MP3 of one master, unless it is there already.
struct FileTranscoder: Sendable {
    /// What became of a file.
    enum Outcome: Sendable {
        /// In so many seconds, waiting for the file's turn left out.
        case transcoded(TranscodeReport, seconds: Double)
        /// The MP3 of the same audio lay under another name and was copied.
        case copied(from: FilePath, TranscodeRecord.Made)
        case alreadyDone(TranscodeRecord.Made)
    }

    let sandbox: MediaSandbox
    let profile: EncodingProfile
    let tags: TrackTags
    let cover: FilePath?
    /// Every file is transcoded, and what is in its way replaced.
    let isForced: Bool
    /// The master is measured, too, and what was found lies beside the MP3.
    let writesReports: Bool
    /// Files that are never replaced: the masters.
    let masters: Set<FileID>

    /// - Parameters:
    ///   - number: the job's own in `turns`, where the file waits before it is encoded.
    ///   - progress: of encoding, 0…1.
    /// - Throws: `CommandError` and `MediaFailure` in words that follow the master's name; `CancellationError`.
    func run(
        _ job: TranscodeJob, number: Int, turns: EncodingTurns, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> Outcome {
        defer { turns.leave(number) }
        let input = try LocalMedia.open(job.source)
        let standing = try await standing(of: job, input.descriptor)
        let isReported = try writesReports && ReportFiles.areCurrent(beside: job.target)
        if let outcome = try await settle(job, input.descriptor, standing) {
            let isCopy = if case .copied = outcome { true } else { false }
            if writesReports, isCopy || !isReported {
                try await measure(job, number: number, turns, input.descriptor, progress: progress)
            }
            return outcome
        }
        guard let threads = await turns.wait(number, work: job.size) else { throw CancellationError() }
        let start = ContinuousClock.now
        let output: UnfinishedFile
        var report: TranscodeReport
        // Read while it is encoded, so that the disk gives it once.
        let master = input.descriptor
        async let sourceHash = Self.hash(of: master, known: standing.sourceHash, in: job.destination.record)
        async let sha256 = writesReports ? FileHash.sha256(of: master) : nil
        do {
            // What follows is done while the next file is encoded.
            defer { turns.end(number) }
            let picture = try cover.map(LocalMedia.openCover)
            output = try Self.unfinishedFile(for: job)
            report = try await sandbox.transcode(
                input.descriptor, to: output.file.descriptor, profile: profile, tags: tags,
                cover: picture.openDescriptor, threads: threads, analyzes: writesReports
            ) { fraction in
                turns.report(number, fraction)
                progress(fraction)
            }
        }
        let hash = try await sourceHash
        let fileHash = try await sha256
        guard try FileEntry(of: master).stamp == standing.source else { throw LocalMedia.wasChanged }
        if let fileHash, let analysis = report.analysis {
            try ReportFiles.write(
                TrackReport(
                    file: job.source.shown, bytes: standing.source.size, sha256: fileHash, inspection: report.source,
                    analysis: analysis), beside: job.target)
        }
        // It lies in files of its own, and a batch holds many.
        report.analysis = nil
        guard let hash else {
            try publish(output, as: job, replacing: standing.replacement)
            return .transcoded(report, seconds: start.duration(to: .now).seconds)
        }
        let made = TranscodeRecord.Made(
            sourceHash: hash, sourceSize: standing.source.size,
            outputHash: try await ContentHash(of: output.file.descriptor),
            outputSize: report.bytes, isCurrent: true, seconds: report.duration, encoder: report.encoder)
        let isOurs = try await publish(
            output, made, of: input.descriptor, standing, as: job)
        return isOurs
            ? .transcoded(report, seconds: start.duration(to: .now).seconds) : .alreadyDone(made)
    }

    /// Reports on a master whose MP3 was not made now.
    private func measure(
        _ job: TranscodeJob, number: Int, _ turns: EncodingTurns, _ master: FileDescriptor,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws {
        guard await turns.wait(number, work: job.size) != nil else { throw CancellationError() }
        defer { turns.end(number) }
        let report = try await LocalMedia.measure(master, named: job.source.shown, sandbox) { fraction in
            turns.report(number, fraction)
            progress(fraction)
        }
        try ReportFiles.write(report, beside: job.target)
    }

    /// Without a record.
    private func publish(
        _ output: consuming UnfinishedFile, as job: TranscodeJob, replacing: UnfinishedFile.Replacement
    ) throws(CommandError) {
        try output.synchronize()
        guard try output.publish(replacing: replacing) else { throw Self.inTheWay(job.target) }
    }

    /// With a record, which is written first: an MP3 that is there is then known, however this ends.
    /// - Returns: false where another run has just made the same.
    func publish(
        _ output: consuming UnfinishedFile, _ made: TranscodeRecord.Made, of input: FileDescriptor,
        _ standing: Standing, as job: TranscodeJob
    ) async throws -> Bool {
        let record = job.destination.record
        try output.synchronize()
        try record?.add(made, at: job.output)
        try record?.remember(made.sourceHash, of: input, asItStoodAt: standing.source)
        guard try output.publish(replacing: standing.replacement) else {
            let other = try? OpenFile(reading: job.target)
            guard let other = other.openDescriptor, try await ContentHash(of: other) == made.outputHash else {
                throw Self.inTheWay(job.target)
            }
            return false
        }
        let stamp = try FileEntry(of: output.file.descriptor).stamp
        record?.remember(made.outputHash, ofPublished: job.target, asItStoodAt: stamp)
        return true
    }

    static func inTheWay(_ target: FilePath) -> CommandError {
        CommandError(.workFailed, "\(target.shown) is already there; --force replaces it")
    }

    /// - Returns: nil where there is no record that needs it.
    private static func hash(
        of file: FileDescriptor, known: ContentHash?, in record: TranscodeRecord?
    ) async throws -> ContentHash? {
        if let known { return known }
        return try await record?.hash(of: file)
    }

    static func unfinishedFile(for job: TranscodeJob) throws(CommandError) -> UnfinishedFile {
        if job.destination.makesFolders { try Folder.make(job.target.removingLastComponent()) }
        return try UnfinishedFile(for: job.target)
    }
}
