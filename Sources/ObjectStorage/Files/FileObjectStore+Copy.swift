import Glibc
import SystemPackage

extension FileObjectStore {
    /// Copies a file to a temporary one, flushes it and renames it into place.
    func store(
        _ source: SourceFile, at path: FilePath, isCancelled: () -> Bool, progress: (@Sendable (Int64) -> Void)?
    ) throws(ObjectStorageError) -> StoredObject {
        let folder = path.removingLastComponent()
        try makeDirectories(for: folder)
        let incoming = root.appending(Self.incomingDirectory)
        try makeDirectories(for: incoming)
        let temporary = incoming.appending("\(UInt64.random(in: 0 ... .max))")
        let target = try open(temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec])
        do {
            defer { try? target.close() }
            try copy(source, to: target, isCancelled: isCancelled, progress: progress)
            try source.checkUnchanged()
            try flush(target, temporary)
        } catch {
            unsafe unlink(temporary.string)
            throw error
        }
        guard unsafe rename(temporary.string, path.string) == 0 else {
            let error = Errno(rawValue: errno)
            unsafe unlink(temporary.string)
            if error == .isDirectory || error == .notDirectory { throw conflict(at: path) }
            throw .localIO(error, "rename the new object to \(path)")
        }
        try flushDirectory(folder)
        guard let stored = try status(of: path, key: source.key), stored.bytes == source.stamp.bytes else {
            throw ObjectStorageError(
                .integrity, "\(path) is not the file that was written: something else writes there")
        }
        return stored
    }

    /// Copies an object into the caller's file.
    func fetch(
        _ key: String, at path: FilePath, into file: FileDescriptor, isCancelled: () -> Bool
    ) throws(ObjectStorageError) -> StoredObject {
        guard try status(of: path, key: key) != nil else {
            throw ObjectStorageError(.notFound, "\(name) has no object \(ObjectKey.quoted(key))")
        }
        let object = try open(path, .readOnly, options: [.closeOnExec, .noFollow])
        defer { try? object.close() }
        let stamp: FileStamp
        do {
            stamp = try FileStamp(of: object)
        } catch {
            throw .localIO(error, "read \(path)")
        }
        try file.cut(to: 0, key: key)
        let source = try SourceFile(object, length: stamp.bytes, key: key)
        try copy(source, to: file, isCancelled: isCancelled, progress: nil)
        return StoredObject(key: key, stamp: stamp)
    }

    private func copy(
        _ source: SourceFile, to target: FileDescriptor, isCancelled: () -> Bool,
        progress: (@Sendable (Int64) -> Void)?
    ) throws(ObjectStorageError) {
        var written: Int64 = 0
        try unsafe FileSlice(source).forEachPiece(isCancelled: isCancelled) { piece throws(ObjectStorageError) in
            do {
                try unsafe target.writeAll(toAbsoluteOffset: written, piece)
            } catch let error as Errno {
                throw .localIO(error, "write the content of \(ObjectKey.quoted(source.key))")
            } catch {
                throw ObjectStorageError(.localIO, "cannot write \(ObjectKey.quoted(source.key)): \(error)")
            }
            written += Int64(piece.count)
            progress?(written)
        }
    }

    private func open(
        _ path: FilePath, _ mode: FileDescriptor.AccessMode, options: FileDescriptor.OpenOptions
    ) throws(ObjectStorageError) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                path, mode, options: options, permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch let error as Errno {
            throw .localIO(error, "open \(path)")
        } catch {
            throw ObjectStorageError(.localIO, "cannot open \(path): \(error)")
        }
    }

    /// Makes what is missing of a directory's path below the root, and flushes the parents of what it made.
    private func makeDirectories(for folder: FilePath) throws(ObjectStorageError) {
        var path = root
        for component in folder.components.dropFirst(root.components.count) {
            let parent = path
            path.append(component)
            if unsafe mkdir(path.string, 0o755) == 0 {
                try flushDirectory(parent)
                continue
            }
            let error = Errno(rawValue: errno)
            if error == .notDirectory { throw conflict(at: path) }
            guard error == .fileExists else { throw .localIO(error, "make the directory \(path)") }
        }
    }

    private func conflict(at path: FilePath) -> ObjectStorageError {
        ObjectStorageError(
            .rejected, "cannot write \(path): a directory cannot hold an object under one key and others below it")
    }

    private func flushDirectory(_ path: FilePath) throws(ObjectStorageError) {
        let directory = try open(path, .readOnly, options: [.directory, .closeOnExec])
        defer { try? directory.close() }
        try flush(directory, path)
    }

    private func flush(_ file: FileDescriptor, _ path: FilePath) throws(ObjectStorageError) {
        guard fsync(file.rawValue) == 0 else { throw .localIO(Errno(rawValue: errno), "flush \(path) to the disk") }
    }
}

extension FileDescriptor {
    /// Cuts the file an object is read into; what is no regular file (a device) has no length to cut.
    func cut(to bytes: Int64, key: String) throws(ObjectStorageError) {
        do {
            guard try FileStamp(of: self).isRegularFile else { return }
        } catch {
            throw .localIO(error, "write the content of \(ObjectKey.quoted(key))")
        }
        guard ftruncate(rawValue, off_t(bytes)) == 0 else {
            throw .localIO(Errno(rawValue: errno), "write the content of \(ObjectKey.quoted(key))")
        }
    }
}
