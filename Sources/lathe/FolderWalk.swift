import Glibc
import SystemPackage

/// Finds the files below a folder: all but hidden ones, or those with the extension of an audio file.
///
/// Links are followed, but no folder is walked twice, so that links in a circle end. Real folders come first: what can
/// be reached without a link has the place it lies in, not one that a link gives it.
struct FolderWalk {
    /// What came across.
    enum Finding {
        /// A file that is wanted.
        case file(FilePath, FileStamp)
        /// Something that is not taken, and why.
        case leftOut(FilePath, String)
        /// A folder that cannot be read.
        case unreadable(FilePath, Errno)
    }

    /// Which files are taken.
    enum Wanted: Sendable {
        /// Masters: what has an audio file's extension, but no MP3 that was made of another.
        case masters
        case everything
    }

    /// The extensions of audio files, in lower case.
    static let extensions: Set<String> = [
        "aif", "aifc", "aiff", "ape", "bwf", "caf", "dsf", "flac", "m4a", "m4b", "mp3", "oga", "ogg", "opus", "rf64",
        "tta", "w64", "wav", "wave", "wma", "wv",
    ]

    private let root: FilePath
    private let wanted: Wanted
    private let excluded: FileID?
    private let report: (Finding) -> Void
    private var walked: Set<FileID> = []
    /// Still to be walked: the last first, and the linked ones when there is no other.
    private var folders: [FilePath]
    private var linkedFolders: [FilePath] = []

    /// - Parameters:
    ///   - excluding: a folder below the root that is none of its contents: where the MP3s go.
    ///   - report: gets all that is found, folder by folder, in the order of the names' bytes.
    init(
        _ root: FilePath, taking wanted: Wanted = .masters, excluding: FileID? = nil,
        report: @escaping (Finding) -> Void
    ) {
        self.root = root
        self.wanted = wanted
        excluded = excluding
        self.report = report
        folders = [root]
    }

    /// Walks until it is done or the task is cancelled.
    mutating func run() {
        while !Task.isCancelled, let folder = folders.popLast() ?? linkedFolders.popLast() {
            do throws(Errno) {
                guard walked.insert(try FileEntry(at: folder, followsLinks: true).stamp.id).inserted else { continue }
                look(at: try Self.names(in: folder), in: folder)
            } catch {
                report(.unreadable(folder, error))
            }
        }
    }

    private mutating func look(at names: [FilePath.Component], in folder: FilePath) {
        // What else would become the same MP3 is a master, and an MP3 beside its master was made of it.
        let masters = Set(names.filter { Self.isAudio($0) && !Self.isMP3($0) }.map(Self.stem))
        for name in names.reversed() where Self.isHidden(name) == false {
            let path = folder.appending(name)
            guard let entry = try? FileEntry(at: path, followsLinks: false) else { continue }
            if entry.kind == .folder, entry.stamp.id != excluded { folders.append(path) }
        }
        for name in names {
            let path = folder.appending(name)
            if Self.isHidden(name) {
                report(.leftOut(path, "hidden"))
            } else if let reason = take(path, name, masters: masters) {
                report(.leftOut(path, reason))
            }
        }
    }

    /// - Returns: why the entry is left out; nil where it was taken or is a folder.
    private mutating func take(_ path: FilePath, _ name: FilePath.Component, masters: Set<FilePath>) -> String? {
        guard let entry = try? FileEntry(at: path, followsLinks: true) else { return "a link to nothing" }
        switch entry.kind {
        case .folder:
            let isLink = (try? FileEntry(at: path, followsLinks: false))?.kind == .link
            if isLink, entry.stamp.id != excluded { linkedFolders.insert(path, at: 0) }
            return nil
        case .regular where wanted == .masters && !Self.isAudio(name): return "no audio file by its name"
        case .regular where wanted == .masters && Self.isMP3(name) && masters.contains(Self.stem(name)):
            return "the MP3 of the master beside it"
        case .regular:
            report(.file(path, entry.stamp))
            return nil
        case .link, .other: return "no regular file"
        }
    }

    private static func isHidden(_ name: FilePath.Component) -> Bool { name.string.hasPrefix(".") }

    private static func isAudio(_ name: FilePath.Component) -> Bool {
        name.extension.map { extensions.contains($0.lowercased()) } ?? false
    }

    private static func isMP3(_ name: FilePath.Component) -> Bool { name.extension?.lowercased() == "mp3" }

    /// The name without its extension, by its bytes: as text, names that differ may be equal.
    private static func stem(_ name: FilePath.Component) -> FilePath {
        var path = FilePath(root: nil, [name])
        path.extension = nil
        return path
    }

    /// The names in a folder, in the order of their bytes, `.` and `..` left out.
    private static func names(in folder: FilePath) throws(Errno) -> [FilePath.Component] {
        guard let stream = unsafe folder.withPlatformString({ unsafe opendir($0) }) else {
            throw Errno(rawValue: errno)
        }
        defer { unsafe closedir(stream) }
        var names: [FilePath.Component] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe FilePath.Component(platformString: $0)
                }
            }
            if let name, name.kind == .regular { names.append(name) }
        }
        guard errno == 0 else { throw Errno(rawValue: errno) }
        return names.map { (name: $0, bytes: $0.bytes) }
            .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }.map(\.name)
    }
}

extension FilePath.Component {
    /// The name's bytes, which need not be UTF-8.
    var bytes: [UInt8] {
        unsafe withPlatformString { name in
            unsafe Array(UnsafeBufferPointer(start: name, count: strlen(name))).map { UInt8(bitPattern: $0) }
        }
    }
}
