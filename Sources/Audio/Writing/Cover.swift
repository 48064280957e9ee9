import MediaContract
import SystemPackage

/// A picture as it goes into the ID3 tag, byte for byte.
struct Cover {
    let format: ImageInspection.Format
    let width: Int
    let height: Int
    let bytes: [UInt8]

    /// Reads the picture, or says why the track goes without: a cover is no reason to hold a track back.
    ///
    /// - Throws: `inputOutput`, `library`.
    static func read(_ input: FileDescriptor) throws(MediaFailure) -> (cover: Cover?, warning: String?) {
        let file = try FileStream(input)
        let inspection: ImageInspection
        do throws(MediaFailure) {
            inspection = try ImageInspector.inspect(input)
        } catch  where error.isPermanent {
            return (nil, "the cover was left out of the tag: \(error.message)")
        }
        if let objection = inspection.objectionToTag(bytes: file.size) {
            return (nil, "the cover was left out of the tag: \(objection)")
        }
        let bytes = try input.bytes(at: 0, count: Int(file.size))
        return (
            Cover(format: inspection.format, width: inspection.width, height: inspection.height, bytes: bytes), nil
        )
    }
}
