import SystemPackage

@testable import ObjectStorage

extension ObjectStore {
    /// Puts bytes by way of a file in the scratch directory.
    func put(_ content: [UInt8], as key: String, in scratch: TemporaryDirectory) async throws -> StoredObject {
        let file = try scratch.file("put-\(UInt64.random(in: 0 ... .max))", content)
        defer { try? file.close() }
        return try await put(
            file, length: Int64(content.count), key: key, attributes: ObjectAttributes(contentType: "audio/wav"))
    }

    /// Gets an object by way of a file in the scratch directory.
    func content(of key: String, in scratch: TemporaryDirectory) async throws -> [UInt8] {
        let file = try scratch.file("get-\(UInt64.random(in: 0 ... .max))")
        defer { try? file.close() }
        let object = try await get(key, into: file)
        let content = try file.content()
        guard object.bytes == Int64(content.count) else {
            throw ObjectStorageError(.integrity, "said \(object.bytes) bytes and wrote \(content.count)")
        }
        return content
    }
}
