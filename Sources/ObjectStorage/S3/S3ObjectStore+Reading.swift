package import SystemPackage

extension S3ObjectStore {
    package func head(_ key: String) async throws(ObjectStorageError) -> StoredObject? {
        if let object = try await retries.run({ () throws(ObjectStorageError) in try await headOnce(key) }) {
            return object
        }
        try await checkBucket()
        return nil
    }

    func headOnce(_ key: String) async throws(ObjectStorageError) -> StoredObject? {
        let request = S3Request(action: "look at \(ObjectKey.quoted(key))", method: .head, key: try wholeKey(key))
        do throws(ObjectStorageError) {
            let response = try await client.send(request)
            noteBucket()
            return try stored(key, response, request)
        } catch  where error.kind == .notFound {
            return nil
        }
    }

    package func get(_ key: String, into file: FileDescriptor) async throws(ObjectStorageError) -> StoredObject {
        let request = S3Request(
            action: "get \(ObjectKey.quoted(key))", method: .get, key: try wholeKey(key),
            sink: HTTPRequest.Sink(file: file))
        do throws(ObjectStorageError) {
            return try await retries.run { () throws(ObjectStorageError) in
                try file.cut(to: 0, key: key)
                let response = try await client.send(request)
                noteBucket()
                return try checked(key, response, request)
            }
        } catch  where error.kind == .notFound && error.s3Code == nil {
            try await checkBucket()
            throw error
        }
    }

    private func checked(
        _ key: String, _ response: HTTPResponse, _ request: S3Request
    ) throws(ObjectStorageError) -> StoredObject {
        let object = try stored(key, response, request)
        guard let content = response.content else {
            throw client.unexpectedAnswer(to: request, status: response.status)
        }
        guard object.bytes == content.bytes else {
            throw ObjectStorageError(
                .integrity,
                "cannot \(request.action) in \(client.place): \(content.bytes) of \(object.bytes) bytes came")
        }
        let md5 = client.configuration.comparesETags ? EntityTag(response.headers)?.md5 : nil
        guard md5 == nil || md5 == content.md5 else {
            throw ObjectStorageError(
                .integrity, "cannot \(request.action) in \(client.place): the content's MD5 is not the object's ETag")
        }
        return object
    }

    private func stored(
        _ key: String, _ response: HTTPResponse, _ request: S3Request
    ) throws(ObjectStorageError) -> StoredObject {
        guard let bytes = response.headers["content-length"].flatMap({ Int64($0) }), bytes >= 0 else {
            throw client.unexpectedAnswer(to: request, status: response.status)
        }
        return StoredObject(
            key: key, bytes: bytes, etag: EntityTag(response.headers)?.value,
            lastModified: response.headers["last-modified"].flatMap(HTTPDate.parse))
    }
}
