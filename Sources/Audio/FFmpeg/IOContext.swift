import CFFmpeg
import MediaContract
import SystemPackage

/// FFmpeg's byte stream over a `FileStream`. Owns the `AVIOContext`, its buffer and a reference to the file.
@safe
struct IOContext: ~Copyable {
    enum Direction { case reading, writing }

    /// Bytes per system call; larger gains nothing measurable.
    private static let bufferSize: Int32 = 256 * 1024

    private let pointer: UnsafeMutablePointer<AVIOContext>

    /// - Throws: `library` when memory runs out.
    init(_ file: FileStream, _ direction: Direction) throws(MediaFailure) {
        guard let buffer = unsafe av_malloc(Int(Self.bufferSize)) else { throw .library("allocate an I/O buffer") }
        let opaque = unsafe Unmanaged.passRetained(file).toOpaque()
        let context = unsafe avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Self.bufferSize, direction == .writing ? 1 : 0, opaque,
            direction == .reading ? Self.read : nil, direction == .writing ? Self.write : nil, Self.seek)
        guard let context = unsafe context else {
            unsafe Unmanaged<FileStream>.fromOpaque(opaque).release()
            unsafe av_free(buffer)
            throw .library("allocate an I/O context")
        }
        unsafe pointer = context
    }

    deinit {
        // FFmpeg may have replaced the buffer it was given, so the one to free is the context's.
        unsafe av_freep(&pointer.pointee.buffer)
        if let opaque = unsafe pointer.pointee.opaque {
            unsafe Unmanaged<FileStream>.fromOpaque(opaque).release()
        }
        var context: UnsafeMutablePointer<AVIOContext>? = unsafe pointer
        unsafe avio_context_free(&context)
    }

    /// Lends the context to a format context that must not outlive this value.
    func lend(to format: UnsafeMutablePointer<AVFormatContext>) {
        unsafe format.pointee.pb = pointer
    }

    private static let read: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 = {
        guard let opaque = unsafe $0, let bytes = unsafe $1 else { return AVStatus(.invalidArgument).rawValue }
        let file = unsafe Unmanaged<FileStream>.fromOpaque(opaque).takeUnretainedValue()
        do throws(Errno) {
            let count = unsafe try file.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: Int($2)))
            return count == 0 ? AVStatus.endOfFile.rawValue : Int32(count)
        } catch {
            return AVStatus(error).rawValue
        }
    }

    private static let write: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32 =
        {
            guard let opaque = unsafe $0, let bytes = unsafe $1 else { return AVStatus(.invalidArgument).rawValue }
            let file = unsafe Unmanaged<FileStream>.fromOpaque(opaque).takeUnretainedValue()
            do throws(Errno) {
                unsafe try file.write(UnsafeRawBufferPointer(start: bytes, count: Int($2)))
                return $2
            } catch {
                return AVStatus(error).rawValue
            }
        }

    private static let seek: @convention(c) (UnsafeMutableRawPointer?, Int64, Int32) -> Int64 = {
        guard let opaque = unsafe $0 else { return Int64(AVStatus(.invalidArgument).rawValue) }
        let file = unsafe Unmanaged<FileStream>.fromOpaque(opaque).takeUnretainedValue()
        let target: Int64
        switch $2 & ~AVSEEK_FORCE {
        case AVSEEK_SIZE: return file.size
        case 0: target = $1
        case 1: target = file.position + $1
        case 2: target = file.size + $1
        default: target = -1
        }
        guard target >= 0 else { return Int64(AVStatus(.invalidArgument).rawValue) }
        file.seek(to: target)
        return target
    }
}
