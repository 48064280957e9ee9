import MediaContract
import SystemPackage

/// One regular file read or written at a position of its own, so that the offset shared by all holders of the
/// descriptor neither matters nor moves. Remembers the first error, because FFmpeg hands on a code, not a reason.
final class FileStream {
    let descriptor: FileDescriptor
    /// Bytes in the file when it was opened for reading; for writing, the furthest byte written.
    private(set) var size: Int64
    private(set) var position: Int64 = 0
    private(set) var firstError: Errno?

    /// - Throws: `inputOutput` when the descriptor is not a seekable file.
    init(_ descriptor: FileDescriptor) throws(MediaFailure) {
        self.descriptor = descriptor
        do {
            size = try descriptor.sizeOfSeekableFile()
        } catch {
            throw MediaFailure(.inputOutput, "the file cannot be read at random: \(error)")
        }
    }

    /// Reads from the current position and moves it.
    ///
    /// - Returns: bytes read, 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        do {
            let count = unsafe try descriptor.read(
                fromAbsoluteOffset: position, into: buffer, retryOnInterrupt: true)
            position += Int64(count)
            return count
        } catch {
            throw remember(error)
        }
    }

    /// Writes all of `buffer` at the current position and moves it.
    func write(_ buffer: UnsafeRawBufferPointer) throws(Errno) {
        var written = 0
        do {
            while written < buffer.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                let count = unsafe try descriptor.write(
                    toAbsoluteOffset: position, rest, retryOnInterrupt: true)
                written += count
                position += Int64(count)
                size = max(size, position)
            }
        } catch {
            throw remember(error)
        }
    }

    func seek(to offset: Int64) { position = offset }

    /// The failure that stands behind an FFmpeg error, if the file itself failed.
    var failure: MediaFailure? {
        switch firstError {
        case nil: nil
        case .noSpace, .diskQuotaExceeded: MediaFailure(.diskFull, "the disk under the output is full")
        case let error?: MediaFailure(.inputOutput, "reading or writing the file failed: \(error)")
        }
    }

    private func remember(_ error: any Error) -> Errno {
        let errno = error as? Errno ?? .ioError
        if firstError == nil { firstError = errno }
        return errno
    }
}

extension FileDescriptor {
    /// Bytes in the file, found without moving the shared offset for good.
    func sizeOfSeekableFile() throws -> Int64 {
        let here = try seek(offset: 0, from: .current)
        let end = try seek(offset: 0, from: .end)
        try seek(offset: here, from: .start)
        return end
    }

    /// Reads up to `count` bytes at `offset`; fewer only at the end of the file.
    ///
    /// - Throws: `inputOutput`.
    func bytes(at offset: Int64, count: Int) throws(MediaFailure) -> [UInt8] {
        guard count > 0 else { return [] }
        do {
            return unsafe try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                while initialized < count {
                    let rest = unsafe UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[initialized...])
                    let read = unsafe try self.read(
                        fromAbsoluteOffset: offset + Int64(initialized), into: rest, retryOnInterrupt: true)
                    guard read > 0 else { break }
                    initialized += read
                }
            }
        } catch {
            throw MediaFailure(.inputOutput, "reading the file failed: \(error)")
        }
    }
}
