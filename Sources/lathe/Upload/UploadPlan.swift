import SystemPackage

/// Which files go under which keys.
struct UploadPlan: Sendable {
    struct File: Sendable {
        let path: FilePath
        /// Relative to the storage's prefix.
        let key: String
        /// Bytes when it was found; 0 where it was not.
        let bytes: Int64
    }

    private(set) var files: [File] = []

    /// - Throws: `CommandError` where two files would get one key, and for a name that is no UTF-8, as keys are.
    init(_ operands: [Operand], report: UploadReport) throws(CommandError) {
        // By their bytes: as text, a composed and a decomposed é are the same.
        var taken: [[UInt8]: FilePath] = [:]
        for operand in operands {
            for (path, relative, bytes) in Self.find(operand, report) {
                guard let key = String(validating: relative.bytes, as: UTF8.self) else {
                    report.planned(1)
                    report.failed(path, key: nil, "its name is not UTF-8, which keys are: rename it")
                    continue
                }
                if let other = taken.updateValue(path, forKey: relative.bytes) {
                    guard other != path else { continue }
                    throw CommandError(
                        .usage, "\(other.shown) and \(path.shown) would both become \(key): upload them one by one")
                }
                files.append(File(path: path, key: key, bytes: bytes))
            }
        }
        report.planned(files.count)
    }

    /// The files behind an operand, and where they lie below it.
    private static func find(
        _ operand: Operand, _ report: UploadReport
    ) -> [(path: FilePath, relative: FilePath, bytes: Int64)] {
        let root = operand.path
        let name = root.lastComponent.map { FilePath(root: nil, [$0]) } ?? FilePath()
        let entry = try? FileEntry(at: root, followsLinks: true)
        guard let entry, entry.kind == .folder else { return [(root, name, entry?.stamp.size ?? 0)] }
        var found: [(FilePath, FilePath, Int64)] = []
        var walk = FolderWalk(root, taking: .everything) { finding in
            switch finding {
            case .file(let path, let stamp):
                let below = path.below(root)
                found.append((path, operand.meansContents ? below : name.pushing(below), stamp.size))
            case .leftOut: break
            case .unreadable(let folder, let error):
                report.planned(1)
                report.failed(folder, key: nil, "the folder cannot be read: \(error)")
            }
        }
        walk.run()
        return found
    }
}

extension FilePath {
    fileprivate var bytes: [UInt8] {
        components.reduce(into: []) { bytes, component in
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
            bytes += component.bytes
        }
    }
}
