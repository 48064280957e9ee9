import Crypto
import SystemPackage

/// The content of a request, read from a file by offset, so that sending it again from the start needs no seek.
struct ContentReader {
    let content: HTTPRequest.Content
    /// Handed out so far.
    private(set) var bytes: Int64 = 0
    private let takesMD5: Bool
    private var hash: Insecure.MD5?

    init(_ content: HTTPRequest.Content, takesMD5: Bool) {
        self.content = content
        self.takesMD5 = takesMD5
        hash = takesMD5 ? Insecure.MD5() : nil
    }

    var transferred: TransferredContent {
        TransferredContent(bytes: bytes, md5: hash.map { Hexadecimal.text($0.finalize()) })
    }

    mutating func rewind() {
        self = ContentReader(content, takesMD5: takesMD5)
    }

    /// Fills the buffer as far as a single read does.
    ///
    /// - Throws: as ``SourceFile/read(into:at:limit:)``.
    /// - Returns: 0 at the end.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(ObjectStorageError) -> Int {
        let left = content.count - bytes
        guard left > 0 else { return 0 }
        let count: Int
        switch content {
        case .slice(let slice):
            count = try unsafe slice.source.read(
                into: buffer, at: slice.range.lowerBound + bytes, limit: slice.range.upperBound)
            unsafe hash?.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        case .bytes(let all):
            count = min(buffer.count, Int(left))
            unsafe buffer.copyBytes(from: all[Int(bytes)..<Int(bytes) + count])
        }
        bytes += Int64(count)
        return count
    }
}

/// The content of a response, written to a file by offset.
struct ContentWriter {
    let sink: HTTPRequest.Sink
    private(set) var bytes: Int64 = 0
    private var hash: Insecure.MD5?

    init(_ sink: HTTPRequest.Sink, takesMD5: Bool) {
        self.sink = sink
        hash = takesMD5 ? Insecure.MD5() : nil
    }

    var transferred: TransferredContent {
        TransferredContent(bytes: bytes, md5: hash.map { Hexadecimal.text($0.finalize()) })
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
        unsafe hash?.update(bufferPointer: content)
        bytes += Int64(content.count)
    }
}
