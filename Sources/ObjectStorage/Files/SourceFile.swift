import Crypto
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
        if now != stamp { throw changed(now: now.bytes, expected: stamp.bytes) }
    }

    /// What is thrown for a file that has `now` bytes where there were `expected`.
    func changed(now: Int64, expected: Int64) -> ObjectStorageError {
        let what =
            now == expected ? "was written to while it was read" : "has \(now) bytes where it had \(expected)"
        return ObjectStorageError(
            .sourceChanged,
            "the file for \(ObjectKey.quoted(key)) \(what): wait until whoever writes it has finished, then try again")
    }

    /// SHA-256 of the content in lower-case hexadecimal: one pass in pieces, on the calling thread.
    func sha256(isCancelled: () -> Bool) throws(ObjectStorageError) -> String {
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: Int64 = 0
        while offset < stamp.bytes {
            if isCancelled() { throw .cancelled }
            let count = try read(into: &buffer, at: offset)
            hash.update(data: buffer[..<count])
            offset += Int64(count)
        }
        return Hexadecimal.text(hash.finalize())
    }

    /// Reads some bytes, at least one and never beyond the stamped size.
    func read(into buffer: inout [UInt8], at offset: Int64) throws(ObjectStorageError) -> Int {
        let wanted = Int(min(Int64(buffer.count), stamp.bytes - offset))
        let count: Int
        do {
            count = try unsafe buffer.withUnsafeMutableBytes { bytes in
                try unsafe descriptor.read(
                    fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted]))
            }
        } catch let error as Errno {
            throw .localIO(error, "read the file for \(ObjectKey.quoted(key))")
        } catch {
            throw ObjectStorageError(.localIO, "cannot read the file for \(ObjectKey.quoted(key)): \(error)")
        }
        guard count > 0 else { throw changed(now: offset, expected: stamp.bytes) }
        return count
    }
}
