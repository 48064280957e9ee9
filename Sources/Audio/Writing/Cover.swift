import MediaContract
import SystemPackage

/// A picture as it goes into the ID3 tag, byte for byte.
struct Cover {
    let format: ImageInspection.Format
    let width: Int
    let height: Int
    let bytes: [UInt8]

    /// Larger pictures are left out: the tag lies in front of the audio, and every listener loads it first. Bytes.
    static let maximumSize: Int64 = 16 * 1024 * 1024

    /// Reads the picture, or says why the track goes without: a cover is no reason to hold a track back.
    ///
    /// - Throws: `inputOutput`, `library`.
    static func read(_ input: FileDescriptor) throws(MediaFailure) -> (cover: Cover?, warning: String?) {
        let file = try FileStream(input)
        guard file.size <= maximumSize else {
            return (nil, "the cover was left out of the tag: it is larger than \(maximumSize >> 20) MiB")
        }
        let inspection: ImageInspection
        do throws(MediaFailure) {
            inspection = try ImageInspector.inspect(input)
        } catch  where error.isPermanent {
            return (nil, "the cover was left out of the tag: \(error.message)")
        }
        guard inspection.format != .webp else {
            return (nil, "the cover was left out of the tag: few players show a WebP picture there")
        }
        let bytes = try input.bytes(at: 0, count: Int(file.size))
        return (
            Cover(format: inspection.format, width: inspection.width, height: inspection.height, bytes: bytes), nil
        )
    }
}
