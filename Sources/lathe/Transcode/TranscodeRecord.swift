import Foundation
import Glibc
import Pipeline
import Synchronization
import SystemPackage

/// What earlier runs have made, kept as lines of JSON in a hidden file of the folder that the MP3s lie in.
///
/// It is only ever appended to, a line in one write under a lock, so that runs may share it; what others append is
/// seen with the next question. A line that a power cut or full disk tore is passed over. It is written before the MP3
/// gets its name: an MP3 that is there is therefore known, and a line without its MP3 is known by the hash that does
/// not fit.
final class TranscodeRecord: Sendable {
    static let name = ".lathe-transcoded.jsonl"
    /// Bytes; a path has at most 4,096, which base64 and tags make longer.
    private static let longestLine = 1 << 20

    /// An MP3 as it was made, by all that resuming asks of it.
    struct Made: Sendable, Hashable {
        let sourceHash: ContentHash
        let sourceSize: Int64
        let outputHash: ContentHash
        let outputSize: Int64
        /// With the profile, tags and cover of this run.
        let isCurrent: Bool
        /// Of the audio.
        let seconds: Double
        /// Versions of the libraries that encoded.
        let encoder: String
    }

    private struct State {
        var file: FileDescriptor?
        /// Where the next unread line begins.
        var offset: Int64 = 0
        var made: [FilePath: [Made]] = [:]
        var outputs: [ContentHash: [FilePath]] = [:]
        var sourceSizes: Set<Int64> = []
        var known: [FileStamp: ContentHash] = [:]
        /// MP3s of this run that were published so lately that their stamps prove nothing yet.
        var unsettled: [(output: FilePath, stamp: FileStamp, hash: ContentHash)] = []
    }

    private let path: FilePath
    private let recipe: Recipe
    /// A record is begun where there is none.
    private let isBegun: Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - recipe: this run's.
    ///   - isBegun: a record is begun where there is none; otherwise one is only used and carried on.
    init(in folder: FilePath, recipe: Recipe, isBegun: Bool) {
        path = folder.appending(Self.name)
        self.recipe = recipe
        self.isBegun = isBegun
    }

    deinit {
        state.withLock { try? $0.file?.close() }
    }

    /// MP3s that were made at a path, the latest last.
    func made(at output: FilePath) throws(CommandError) -> [Made] {
        try reading { $0.made[output] ?? [] }
    }

    /// Where MP3s were made of a master by this run's recipe, the latest first; at most a few, as many as are worth
    /// looking for.
    func outputs(ofSource hash: ContentHash) throws(CommandError) -> [FilePath] {
        try reading { ($0.outputs[hash] ?? []).suffix(4).reversed() }
    }

    /// A master of this size has been transcoded, so that its hash is worth computing.
    func mayKnow(sourceSize: Int64) throws(CommandError) -> Bool {
        try reading { $0.sourceSizes.contains(sourceSize) }
    }

    /// The hash of an open file: remembered, as long as the file has not been touched, or computed.
    /// - Throws: `CancellationError`; what reading throws.
    func hash(of file: FileDescriptor) async throws -> ContentHash {
        let stamp = try FileEntry(of: file).stamp
        if let known = try reading({ $0.known[stamp] }) { return known }
        let hash = try await ContentHash(of: file)
        try remember(hash, of: file, asItStoodAt: stamp)
        return hash
    }

    /// Keeps a hash for the next run, if the file stands as it stood before it was hashed.
    func remember(_ hash: ContentHash, of file: FileDescriptor, asItStoodAt stamp: FileStamp) throws {
        guard stamp.isSettled, try reading({ $0.known[stamp] }) == nil, try FileEntry(of: file).stamp == stamp else {
            return
        }
        // A cache: if it cannot be written, the next run computes.
        try? append(.known(KnownFile(stamp: stamp, hash: hash)))
    }

    /// Keeps the hash of an MP3 of this run as soon as it has stood for a moment: when a later one is published. The
    /// next run reads the last ones again.
    func remember(_ hash: ContentHash, ofPublished output: FilePath, asItStoodAt stamp: FileStamp) {
        let settled = state.withLock { state in
            state.unsettled.append((output, stamp, hash))
            let split = state.unsettled.partition { $0.stamp.isSettled }
            let settled = Array(state.unsettled[split...])
            state.unsettled.removeSubrange(split...)
            return settled
        }
        for mp3 in settled where (try? FileEntry(at: mp3.output, followsLinks: true))?.stamp == mp3.stamp {
            try? append(.known(KnownFile(stamp: mp3.stamp, hash: mp3.hash)))
        }
    }

    /// Adds an MP3 of this run, durably, before it gets its name.
    func add(_ mp3: Made, at output: FilePath) throws(CommandError) {
        let line = MadeMP3(
            output: StoredPath(output), outputHash: mp3.outputHash, outputSize: mp3.outputSize,
            sourceHash: mp3.sourceHash, sourceSize: mp3.sourceSize, seconds: mp3.seconds, encoder: mp3.encoder,
            recipe: recipe)
        try append(.made(line))
    }

    private func reading<Answer: Sendable>(_ body: (State) -> Answer) throws(CommandError) -> Answer {
        try state.withLock { state throws(CommandError) in
            do throws(Errno) {
                try open(&state, creating: false)
                try read(&state)
            } catch {
                throw CommandError(.workFailed, "the record \(path.shown) cannot be read: \(error)")
            }
            return body(state)
        }
    }

    private func append(_ line: RecordLine) throws(CommandError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(line) else { return }
        let isMP3 = if case .made = line { true } else { false }
        try state.withLock { state throws(CommandError) in
            do throws(Errno) {
                // The first line is an MP3: a run that makes none leaves no record.
                try open(&state, creating: isBegun && isMP3)
                guard let file = state.file else { return }
                try Self.write(json + Data("\n".utf8), to: file)
                if isMP3 { guard fdatasync(file.rawValue) == 0 else { throw Errno(rawValue: errno) } }
            } catch {
                throw CommandError(.workFailed, "the record \(path.shown) cannot be written: \(error)")
            }
        }
    }
}

extension TranscodeRecord {
    private func open(_ state: inout State, creating: Bool) throws(Errno) {
        guard state.file == nil else { return }
        do {
            var options: FileDescriptor.OpenOptions = [.append, .closeOnExec, .nonBlocking, .noFollow]
            if creating { options.insert(.create) }
            let file = try FileDescriptor.open(
                path, .readWrite, options: options, permissions: [.ownerReadWrite, .groupRead, .otherRead])
            state.file = file
            guard try FileEntry(of: file).kind == .regular else { throw Errno.notSupported }
        } catch Errno.noSuchFileOrDirectory where !creating {
            return
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// One write, under a lock that all runs take: appending alone is not enough on network file systems.
    private static func write(_ line: Data, to file: FileDescriptor) throws(Errno) {
        while flock(file.rawValue, LOCK_EX) != 0 { guard errno == EINTR else { throw Errno(rawValue: errno) } }
        defer { _ = flock(file.rawValue, LOCK_UN) }
        do {
            // What a crash left half written must not swallow this line.
            let end = try file.seek(offset: 0, from: .end)
            var last: [UInt8] = [UInt8(ascii: "\n")]
            if end > 0 {
                _ = unsafe try last.withUnsafeMutableBytes {
                    unsafe try file.read(fromAbsoluteOffset: end - 1, into: $0)
                }
            }
            let isTorn = last[0] != UInt8(ascii: "\n")
            let bytes = (isTorn ? Data("\n".utf8) : Data()) + line
            try file.writeAll(bytes)
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Reads the lines that came since the last time.
    private func read(_ state: inout State) throws(Errno) {
        guard let file = state.file else { return }
        let unread = try FileEntry(of: file).stamp.size - state.offset
        guard unread > 0 else { return }
        let decoder = JSONDecoder()
        var rest: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: Int(min(unread, Int64(Self.longestLine))))
        var position = state.offset
        while true {
            let count: Int
            do {
                count = try unsafe chunk.withUnsafeMutableBytes {
                    unsafe try file.read(fromAbsoluteOffset: position, into: $0)
                }
            } catch {
                throw error as? Errno ?? .ioError
            }
            guard count > 0 else { break }
            position += Int64(count)
            rest += chunk[..<count]
            guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else {
                // No line of ours is that long: damage, which must not be held in memory.
                if rest.count > Self.longestLine {
                    state.offset = position
                    rest = []
                }
                continue
            }
            for line in rest[..<end].split(separator: UInt8(ascii: "\n")) {
                guard let line = try? decoder.decode(RecordLine.self, from: Data(line)) else { continue }
                take(line, into: &state)
            }
            state.offset += Int64(end + 1)
            rest.removeFirst(end + 1)
        }
    }

    private func take(_ line: RecordLine, into state: inout State) {
        switch line {
        case .known(let file): state.known[file.stamp] = file.hash
        case .made(let mp3):
            let path = mp3.output.path
            let made = Made(
                sourceHash: mp3.sourceHash, sourceSize: mp3.sourceSize, outputHash: mp3.outputHash,
                outputSize: mp3.outputSize, isCurrent: mp3.recipe == recipe, seconds: mp3.seconds,
                encoder: mp3.encoder)
            guard state.made[path]?.contains(made) != true else { return }
            state.made[path, default: []].append(made)
            state.sourceSizes.insert(mp3.sourceSize)
            if made.isCurrent { state.outputs[mp3.sourceHash, default: []].append(path) }
        }
    }
}
