package import SystemPackage

extension S3ObjectStore {
    package func put(
        _ file: FileDescriptor, length: Int64, key: String, attributes: ObjectAttributes,
        journal: (any UploadJournal)?, progress: (@Sendable (Int64) -> Void)?
    ) async throws(ObjectStorageError) -> StoredObject {
        let wholeKey = try wholeKey(key)
        try attributes.validate()
        let source = try SourceFile(file, length: length, key: key)
        do throws(ObjectStorageError) {
            guard length <= min(2 * client.configuration.partBytes, PartPlan.maximumPartBytes) else {
                return try await putInParts(source, attributes, journal: journal, progress: progress)
            }
            var request = S3Request(
                action: "put \(ObjectKey.quoted(key))", method: .put, key: wholeKey, headers: attributes.headerFields)
            request.progress = progress
            let sent = try await send(FileSlice(source), as: request)
            // Otherwise its size is asked for.
            guard sent.isProven else { return try await stored(key, source, request) }
            return StoredObject(key: key, bytes: source.stamp.bytes, etag: sent.etag)
        } catch  where error.kind == .unavailable && error.httpStatus == nil {
            // A store that refuses an upload may close before its answer is read; a request without content gets it.
            try await checkBucket()
            throw error
        }
    }

    /// The object as the store has it, which must have the file's size.
    func stored(
        _ key: String, _ source: SourceFile, _ request: S3Request
    ) async throws(ObjectStorageError) -> StoredObject {
        let object = try await retries.run { () throws(ObjectStorageError) in try await headOnce(key) }
        guard let object else {
            throw ObjectStorageError(
                .integrity, "cannot \(request.action) in \(client.place): the store accepted it and does not have it")
        }
        guard object.bytes == source.stamp.bytes else {
            throw ObjectStorageError(
                .integrity,
                "cannot \(request.action) in \(client.place): the store has \(object.bytes) bytes where "
                    + "\(source.stamp.bytes) were sent")
        }
        return object
    }
}

/// A slice of a file that a store has taken.
struct SentSlice: Sendable {
    /// Without quotes; nil where the store gave none.
    let etag: String?
    let crc32c: CRC32C?
    /// The store has said something that only these bytes have: their MD5 or CRC.
    let isProven: Bool
}

extension S3ObjectStore {
    /// Sends a slice in one request, again where that helps, and checks all that the store says of it.
    ///
    /// - Parameter request: A PUT without content.
    func send(_ slice: FileSlice, as request: S3Request) async throws(ObjectStorageError) -> SentSlice {
        let provider = client.identity.provider
        let kinds = ContentProof.Kinds(
            // TLS protects the content, where there is TLS.
            sha256: !client.endpoint.isEncrypted, crc32c: provider.verifiesCRC32C)
        let proof = try await ContentProof.of(slice, kinds)
        var request = request
        request.content = .slice(slice)
        request.sliceHash = proof.sha256
        if let crc = proof.crc32c { request.headers.append((S3Provider.crc32cField, crc.base64)) }
        let isVerified = proof.crc32c != nil || (proof.sha256 != nil && provider.verifiesPayloadHash)
        request.takesMD5 = !isVerified && client.configuration.comparesETags
        let whole = request
        return try await retries.run { () throws(ObjectStorageError) in try await sendOnce(whole, slice, proof) }
    }

    private func sendOnce(
        _ request: S3Request, _ slice: FileSlice, _ proof: ContentProof
    ) async throws(ObjectStorageError) -> SentSlice {
        let response: HTTPResponse
        do throws(ObjectStorageError) {
            response = try await client.send(request)
        } catch  where error.kind == .integrity {
            // The proof was taken before the bytes were sent: other bytes may be the file's doing.
            try slice.source.checkUnchanged()
            throw error
        }
        try slice.source.checkUnchanged()
        noteBucket()
        guard response.content?.bytes == slice.count else {
            throw doubt(request, "the store answered before it had every byte")
        }
        let tag = EntityTag(response.headers)
        var isProven = false
        if let ours = proof.crc32c {
            guard let theirs = response.headers[S3Provider.crc32cField] else {
                throw ObjectStorageError(
                    .unexpectedAnswer,
                    "cannot \(request.action) in \(client.place): the store does not verify CRC32C, as "
                        + "\(client.identity.provider.rawValue) does: set the storage provider to generic")
            }
            guard theirs == ours.base64 else {
                throw doubt(request, "the store's CRC32C \(theirs) is not that of what was sent")
            }
            isProven = true
        }
        if let theirs = tag?.md5, let ours = response.content?.md5 {
            guard theirs == ours else {
                throw doubt(request, "the store's ETag \(theirs) is not the MD5 of what was sent")
            }
            isProven = true
        }
        return SentSlice(etag: tag?.value, crc32c: proof.crc32c, isProven: isProven)
    }

    private func doubt(_ request: S3Request, _ reason: String) -> ObjectStorageError {
        ObjectStorageError(.integrity, "cannot \(request.action) in \(client.place): \(reason)")
    }
}
