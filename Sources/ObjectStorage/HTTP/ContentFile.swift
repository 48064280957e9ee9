import Crypto
import SystemPackage

/// The content of a request, read from a file by offset, so that sending it again from the start needs no seek.
struct ContentReader {
    let source: SourceFile
    private(set) var bytes: Int64 = 0
    private var hash = Insecure.MD5()

    init(_ source: SourceFile) {
        self.source = source
    }

    var isAtEnd: Bool { bytes == source.stamp.bytes }

    var transferred: TransferredContent {
        TransferredContent(bytes: bytes, md5: Hexadecimal.text(hash.finalize()))
    }

    mutating func rewind() {
        self = ContentReader(source)
    }

    /// Fills the buffer as far as a single read does.
    ///
    /// - Throws: `sourceChanged` when the file ends early.
    /// - Returns: 0 at the end.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(ObjectStorageError) -> Int {
        let wanted = Int(min(Int64(buffer.count), source.stamp.bytes - bytes))
        guard wanted > 0 else { return 0 }
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
        let count: Int
        do {
            count = try unsafe source.descriptor.read(fromAbsoluteOffset: bytes, into: part)
        } catch let error as Errno {
            throw .localIO(error, "read the file for \(ObjectKey.quoted(source.key))")
        } catch {
            throw ObjectStorageError(.localIO, "cannot read the file for \(ObjectKey.quoted(source.key)): \(error)")
        }
        guard count > 0 else { throw source.changed(now: bytes, expected: source.stamp.bytes) }
        unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: part[..<count]))
        bytes += Int64(count)
        return count
    }
}

/// The content of a response, written to a file by offset.
struct ContentWriter {
    let sink: HTTPRequest.Sink
    private(set) var bytes: Int64 = 0
    private var hash = Insecure.MD5()

    init(_ sink: HTTPRequest.Sink) {
        self.sink = sink
    }

    var transferred: TransferredContent {
        TransferredContent(bytes: bytes, md5: Hexadecimal.text(hash.finalize()))
    }

    /// The content would be longer than the request allows.
    func exceedsLimit(with count: Int) -> Bool {
        Int64(count) > sink.maximumBytes - bytes
    }

    mutating func write(_ content: UnsafeRawBufferPointer) throws(ObjectStorageError) {
        do {
            try unsafe sink.file.writeAll(toAbsoluteOffset: bytes, content)
        } catch let error as Errno {
            throw .localIO(error, "write what is downloaded")
        } catch {
            throw ObjectStorageError(.localIO, "cannot write what is downloaded: \(error)")
        }
        unsafe hash.update(bufferPointer: content)
        bytes += Int64(content.count)
    }
}
