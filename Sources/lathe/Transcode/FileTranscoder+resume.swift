import Glibc
import Pipeline
import SystemPackage

extension FileTranscoder {
    /// How a file stands before anything is done.
    struct Standing: Sendable {
        /// The master, as it is about to be read.
        let source: FileStamp
        /// What the MP3 may take the place of.
        var replacement = UnfinishedFile.Replacement.nothing
        /// The MP3 is there and as it was made.
        var done: TranscodeRecord.Made?
        /// The same audio was made under other names; set only where `done` is not.
        var twins: [FilePath] = []
        var sourceHash: ContentHash?
    }

    /// Looks at what is in the MP3's place and what the record knows of the master.
    ///
    /// A master is known by its bytes: its hash is computed where an MP3 was made of any master of its size.
    /// - Throws: `CommandError` where something is in the way.
    func standing(of job: TranscodeJob, _ input: FileDescriptor) async throws -> Standing {
        var standing = Standing(source: try FileEntry(of: input).stamp)
        let existing = try existingFile(at: job.target)
        if isForced {
            standing.replacement = .anything
            return standing
        }
        guard let record = job.destination.record else {
            guard existing == nil else { throw Self.inTheWay(job.target) }
            return standing
        }
        if try record.mayKnow(sourceSize: standing.source.size) {
            standing.sourceHash = try await record.hash(of: input)
        }
        if let existing {
            let former = try await former(existing, of: job, in: record)
            standing.replacement = .file(existing.stamp)
            if former.isCurrent, former.sourceHash == standing.sourceHash {
                standing.done = former
                return standing
            }
        }
        if let hash = standing.sourceHash { standing.twins = try record.outputs(ofSource: hash) }
        return standing
    }

    /// Ends a file that need not be encoded.
    /// - Returns: nil where it has to be.
    func settle(_ job: TranscodeJob, _ input: FileDescriptor, _ standing: Standing) async throws -> Outcome? {
        if let done = standing.done { return .alreadyDone(done) }
        for twin in standing.twins where twin != job.output {
            if let made = try await copy(twin, to: job, input, standing) {
                return .copied(from: job.destination.folder.pushing(twin), made)
            }
        }
        return nil
    }

    private func existingFile(at target: FilePath) throws(CommandError) -> FileEntry? {
        let entry: FileEntry
        do throws(Errno) {
            entry = try FileEntry(at: target, followsLinks: false)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .fileNameTooLong {
            throw CommandError(.workFailed, "its name is too long with .mp3 at the end; -o gives the MP3 another")
        } catch {
            throw CommandError(.workFailed, "\(target.shown) cannot be looked at: \(error)")
        }
        guard entry.kind != .folder else {
            throw CommandError(.workFailed, "\(target.shown) is a folder; the MP3 would take its place")
        }
        guard !masters.contains(entry.stamp.id) else {
            throw CommandError(.workFailed, "\(target.shown) is one of the masters; the MP3 would take its place")
        }
        return entry
    }

    /// How the file in the MP3's place was made.
    /// - Throws: `CommandError` where it was not made by an earlier run, or touched since.
    private func former(
        _ existing: FileEntry, of job: TranscodeJob, in record: TranscodeRecord
    ) async throws -> TranscodeRecord.Made {
        let all = try record.made(at: job.output)
        guard !all.isEmpty, existing.kind == .regular else { throw Self.inTheWay(job.target) }
        let file = try OpenFile(reading: job.target)
        let likely = all.filter { $0.outputSize == existing.stamp.size }
        let hash = likely.isEmpty ? nil : try await record.hash(of: file.descriptor)
        guard let former = likely.last(where: { $0.outputHash == hash }) else {
            throw CommandError(
                .workFailed, "\(job.target.shown) was changed since it was made; --force replaces it")
        }
        return former
    }

    /// Copies an MP3 of the same audio that lies under another name.
    /// - Returns: nil where it is gone or was touched.
    private func copy(
        _ twin: FilePath, to job: TranscodeJob, _ input: FileDescriptor, _ standing: Standing
    ) async throws -> TranscodeRecord.Made? {
        guard
            let record = job.destination.record,
            let made = try record.made(at: twin).last(where: {
                $0.isCurrent && $0.sourceHash == standing.sourceHash
            }),
            let entry = try? FileEntry(at: job.destination.folder.pushing(twin), followsLinks: false),
            entry.kind == .regular, entry.stamp.size == made.outputSize
        else { return nil }
        let original = try OpenFile(reading: job.destination.folder.pushing(twin))
        let output = try Self.unfinishedFile(for: job)
        try await FileCopy.copy(original.descriptor, to: output.file.descriptor)
        guard try await ContentHash(of: output.file.descriptor) == made.outputHash else { return nil }
        _ = try await publish(output, made, of: input, standing, as: job)
        return made
    }
}
