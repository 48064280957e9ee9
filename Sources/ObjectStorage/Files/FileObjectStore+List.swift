import FoundationEssentials
import Glibc
import SystemPackage

extension FileObjectStore {
    package func list(prefix: String) async throws(ObjectStorageError) -> [StoredObject] {
        try await BlockingLane.files.run { isCancelled throws(ObjectStorageError) in
            try checkRoot()
            var found: [StoredObject] = []
            var folders = [""]
            while let folder = folders.popLast() {
                if isCancelled() { throw .cancelled }
                for name in try entries(of: folder) {
                    let key = folder + name
                    guard key != Self.incomingDirectory else { continue }
                    switch try kind(of: key) {
                    case .object(let object) where key.utf8.starts(with: prefix.utf8): found.append(object)
                    case .folder where Self.mayHold(prefix: prefix, folder: key + "/"): folders.append(key + "/")
                    default: break
                    }
                }
            }
            return found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        }
    }

    /// Also removes what puts that were killed left behind, once it is a day old.
    package func checkAccess() async throws(ObjectStorageError) {
        try await BlockingLane.files.run { _ throws(ObjectStorageError) in
            try checkRoot()
            guard unsafe access(root.string, R_OK | W_OK | X_OK) == 0 else {
                throw .localIO(Errno(rawValue: errno), "write to the storage directory \(root)")
            }
            try removeLeftovers(olderThan: Date(timeIntervalSinceNow: -86_400))
        }
    }

    private enum Entry {
        case object(StoredObject)
        case folder
        case other
    }

    private func kind(of key: String) throws(ObjectStorageError) -> Entry {
        var info = stat()
        // What vanished since the directory was read is not there.
        guard unsafe lstat(root.appending(key).string, &info) == 0 else { return .other }
        if info.st_mode & S_IFMT == S_IFDIR { return .folder }
        let stamp = FileStamp(info)
        return stamp.isRegularFile ? .object(StoredObject(key: key, stamp: stamp)) : .other
    }

    /// A folder is worth opening when its keys can begin with the prefix.
    private static func mayHold(prefix: String, folder: String) -> Bool {
        prefix.utf8.starts(with: folder.utf8) || folder.utf8.starts(with: prefix.utf8)
    }

    /// The names in a folder; those that are not UTF-8 are no keys and are left out.
    private func entries(of folder: String) throws(ObjectStorageError) -> [String] {
        let path = folder.isEmpty ? root : root.appending(folder)
        guard let directory = unsafe opendir(path.string) else {
            let error = Errno(rawValue: errno)
            if error == .noSuchFileOrDirectory || error == .notDirectory { return [] }
            throw .localIO(error, "list \(path)")
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name, name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private func removeLeftovers(olderThan limit: Date) throws(ObjectStorageError) {
        for name in try entries(of: Self.incomingDirectory) {
            let path = root.appending(Self.incomingDirectory).appending(name)
            if let modified = try status(of: path, key: name)?.lastModified, modified < limit {
                unsafe unlink(path.string)
            }
        }
    }
}
