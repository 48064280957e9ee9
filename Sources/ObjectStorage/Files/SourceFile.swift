import SystemPackage

/// A regular file that is about to be put, with the stamp it had when the put began.
struct SourceFile: Sendable {
    let descriptor: FileDescriptor
    let stamp: FileStamp
    /// For errors: the key it is put under.
    let key: String

    /// - Throws: `sourceChanged` when the size is not `length` any more, `localIO` when it is no regular file.
    init(_ descriptor: FileDescriptor, length: Int64, key: String) throws(ObjectStorageError) {
        self.descriptor = descriptor
        self.key = key
        do {
            stamp = try FileStamp(of: descriptor)
        } catch {
            throw .localIO(error, "read the file for \(ObjectKey.quoted(key))")
        }
        guard stamp.isRegularFile else {
            throw ObjectStorageError(.localIO, "what is to be stored as \(ObjectKey.quoted(key)) is not a regular file")
        }
        guard stamp.bytes == length else { throw changed(now: stamp.bytes, expected: length) }
    }

    /// - Throws: `sourceChanged` when size or modification time differ from the ones at the start.
    func checkUnchanged() throws(ObjectStorageError) {
        let now: FileStamp
        do {
            now = try FileStamp(of: descriptor)
        } catch {
            throw .localIO(error, "read the file for \(ObjectKey.quoted(key))")
        }
        var identity = now.identity
        // A new name or mode during an upload is no new content.
        identity.changed = stamp.identity.changed
        if identity != stamp.identity { throw changed(now: now.bytes, expected: stamp.bytes) }
    }

    /// What is thrown for a file that has `now` bytes where there were `expected`.
    func changed(now: Int64, expected: Int64) -> ObjectStorageError {
        let what =
            now == expected ? "was written to while it was read" : "has \(now) bytes where it had \(expected)"
        return ObjectStorageError(
            .sourceChanged,
            "the file for \(ObjectKey.quoted(key)) \(what): wait until whoever writes it has finished, then try again")
    }

    /// Reads some bytes, at least one.
    ///
    /// - Parameters:
    ///   - offset: below `limit`.
    ///   - limit: where the reading ends, at most the stamped size.
    /// - Throws: `sourceChanged` when the file ends before it; `localIO`.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, limit: Int64
    ) throws(ObjectStorageError) -> Int {
        let wanted = Int(min(Int64(buffer.count), limit - offset))
        let count: Int
        do {
            count = try unsafe descriptor.read(
                fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        } catch let error as Errno {
            throw .localIO(error, "read the file for \(ObjectKey.quoted(key))")
        } catch {
            throw ObjectStorageError(.localIO, "cannot read the file for \(ObjectKey.quoted(key)): \(error)")
        }
        guard count > 0 else { throw changed(now: offset, expected: stamp.bytes) }
        return count
    }
}
