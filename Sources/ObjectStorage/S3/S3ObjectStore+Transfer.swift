package import SystemPackage

extension S3ObjectStore {
    package func put(
        _ file: FileDescriptor, length: Int64, key: String, attributes: ObjectAttributes,
        progress: (@Sendable (Int64) -> Void)?
    ) async throws(ObjectStorageError) -> StoredObject {
        let wholeKey = try wholeKey(key)
        try attributes.validate()
        guard length <= Self.maximumBytes else {
            throw ObjectStorageError(
                .rejected, "the file for \(ObjectKey.quoted(key)) has \(length) bytes, and one put takes 5 GiB at most")
        }
        let source = try SourceFile(file, length: length, key: key)
        var request = S3Request(
            action: "put \(ObjectKey.quoted(key))", method: .put, key: wholeKey, headers: attributes.headerFields,
            source: source, progress: progress)
        if !client.endpoint.isEncrypted {
            request.sourceHash = try await BlockingLane.files.run { isCancelled throws(ObjectStorageError) in
                try source.sha256(isCancelled: isCancelled)
            }
        }
        do throws(ObjectStorageError) {
            let signed = request
            return try await retries.run { () throws(ObjectStorageError) in try await putOnce(signed, source, key: key)
            }
        } catch  where error.kind == .unavailable && error.httpStatus == nil {
            // A store that refuses an upload may close before its answer is read; a request without content gets it.
            try await checkBucket()
            throw error
        }
    }

    private func putOnce(
        _ request: S3Request, _ source: SourceFile, key: String
    ) async throws(ObjectStorageError) -> StoredObject {
        let response: HTTPResponse
        do throws(ObjectStorageError) {
            response = try await client.send(request)
        } catch  where error.kind == .integrity {
            // The hash was taken before the bytes were sent: other bytes may be the file's doing.
            try source.checkUnchanged()
            throw error
        }
        try source.checkUnchanged()
        noteBucket()
        guard response.content?.bytes == source.stamp.bytes else {
            throw ObjectStorageError(
                .integrity, "cannot \(request.action) in \(client.place): the store answered before it had every byte")
        }
        let tag = EntityTag(response.headers)
        guard client.configuration.comparesETags, let md5 = tag?.md5 else {
            return try await checkSize(of: key, source, request)
        }
        guard md5 == response.content?.md5 else {
            throw ObjectStorageError(
                .integrity,
                "cannot \(request.action) in \(client.place): the store's ETag \(md5) is not the MD5 of what was sent")
        }
        return StoredObject(key: key, bytes: source.stamp.bytes, etag: tag?.value)
    }

    /// The check that is left where the ETag tells nothing.
    private func checkSize(
        of key: String, _ source: SourceFile, _ request: S3Request
    ) async throws(ObjectStorageError) -> StoredObject {
        guard let stored = try await headOnce(key) else {
            throw ObjectStorageError(
                .integrity, "cannot \(request.action) in \(client.place): the store accepted it and does not have it")
        }
        guard stored.bytes == source.stamp.bytes else {
            throw ObjectStorageError(
                .integrity,
                "cannot \(request.action) in \(client.place): the store has \(stored.bytes) bytes "
                    + "where \(source.stamp.bytes) were sent"
            )
        }
        return stored
    }

    package func head(_ key: String) async throws(ObjectStorageError) -> StoredObject? {
        if let object = try await retries.run({ () throws(ObjectStorageError) in try await headOnce(key) }) {
            return object
        }
        try await checkBucket()
        return nil
    }

    private func headOnce(_ key: String) async throws(ObjectStorageError) -> StoredObject? {
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
