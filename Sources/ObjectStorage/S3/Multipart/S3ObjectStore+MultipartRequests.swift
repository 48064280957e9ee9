import Crypto

extension S3ObjectStore {
    private static let longestFarewell: Duration = .seconds(3)

    /// CreateMultipartUpload.
    ///
    /// - Returns: The upload's id.
    func initiate(_ key: String, _ attributes: ObjectAttributes) async throws(ObjectStorageError) -> String {
        var request = S3Request(
            action: "begin an upload of \(ObjectKey.quoted(key))", method: .post, key: try wholeKey(key),
            query: [("uploads", "")], headers: attributes.headerFields)
        if client.identity.provider.verifiesCRC32C {
            request.headers.append(("x-amz-checksum-algorithm", "CRC32C"))
        }
        var tries = 0
        let response = try await retries.run { () throws(ObjectStorageError) in
            tries += 1
            return try await client.send(request)
        }
        noteBucket()
        // Root elements differ (rclone's is InitiateMultipartUpload); the id does not.
        guard let id = XMLNode(parsing: response.body)?["UploadId"]?.text, !id.isEmpty else {
            throw client.unexpectedAnswer(to: request, status: response.status)
        }
        // The answer to an earlier try may have been lost on its way.
        if tries > 1 { await takeBackAll(of: key, but: id) }
        return id
    }

    /// Takes back the open uploads of a key, which is this call's alone; as far as the store can list them.
    func takeBackAll(of key: String, but kept: String? = nil) async {
        for upload in (try? await openUploads(prefix: key)) ?? [] where upload.key == key && upload.uploadID != kept {
            try? await takeBack(upload)
        }
    }

    /// The upload with those of its known parts that the store has too (ListParts).
    ///
    /// - Returns: nil where the store does not know the upload any more.
    func reconcile(_ upload: UnfinishedUpload) async throws(ObjectStorageError) -> UnfinishedUpload? {
        let plan = PartPlan(fileBytes: upload.file.bytes, partBytes: upload.partBytes)
        var stored: [Int: S3PartPage.Part] = [:]
        var marker: Int?
        repeat {
            var query = [(name: "uploadId", value: upload.uploadID)]
            if let marker { query.append(("part-number-marker", "\(marker)")) }
            let request = S3Request(
                action: "list the parts of \(ObjectKey.quoted(upload.key))", method: .get,
                key: try wholeKey(upload.key), query: query)
            let response: HTTPResponse
            do throws(ObjectStorageError) {
                response = try await sendWithRetries(request)
            } catch  where error.kind == .notFound {
                return nil
            }
            guard let page = S3PartPage(parsing: response.body), page.next.map({ $0 > marker ?? 0 }) ?? true else {
                throw client.unexpectedAnswer(to: request, status: response.status)
            }
            for part in page.parts { stored[part.number] = part }
            marker = page.next
        } while marker != nil
        var upload = upload
        upload.parts = upload.parts.filter { known in
            guard let part = stored[known.number], 1...plan.count ~= known.number else { return false }
            return part.etag == known.etag && part.bytes == plan.range(of: known.number).count
        }
        return upload
    }

    /// CompleteMultipartUpload, and the proof that the store has made one object of the parts.
    func complete(
        _ upload: UnfinishedUpload, _ parts: [UploadedPart], _ source: SourceFile
    ) async throws(ObjectStorageError) -> StoredObject {
        let request = S3Request(
            action: "complete the upload of \(ObjectKey.quoted(upload.key))", method: .post,
            key: try wholeKey(upload.key), query: [("uploadId", upload.uploadID)],
            headers: [("Content-Type", "application/xml")], content: .bytes(Self.list(parts)))
        do throws(ObjectStorageError) {
            let response = try await sendWithRetries(request)
            if let tag = try check(response, parts, request) {
                return StoredObject(key: upload.key, bytes: source.stamp.bytes, etag: tag)
            }
        } catch  where error.s3Code == "NoSuchUpload" {
            // The answer to an earlier try was lost, or somebody took the upload back: the object tells.
            var whole = upload
            whole.parts = parts
            guard let object = try await object(madeOf: whole) else { throw error }
            return object
        }
        return try await stored(upload.key, source, request)
    }

    /// The object that an upload has become which the store does not know any more.
    ///
    /// - Returns: nil where the upload lacked parts, and where there is none or it may be another: the ETag is not the
    ///   one that is reckoned from the parts' own. Size alone proves nothing, as an earlier file may have had the same.
    func object(madeOf upload: UnfinishedUpload) async throws(ObjectStorageError) -> StoredObject? {
        let plan = PartPlan(fileBytes: upload.file.bytes, partBytes: upload.partBytes)
        guard Set(upload.parts.map(\.number)) == Set(1...plan.count) else { return nil }
        let object: StoredObject?
        do throws(ObjectStorageError) {
            object = try await retries.run { () throws(ObjectStorageError) in try await headOnce(upload.key) }
        } catch {
            // Credentials that may write and not read.
            guard error.kind == .accessDenied else { throw error }
            return nil
        }
        guard let object, object.bytes == upload.file.bytes, let tag = object.etag else { return nil }
        return tag.lowercased() == Self.etag(of: upload.parts) ? object : nil
    }

    /// Takes an upload back, as far as that can be done in a moment; the rest is left to whoever looks after stale
    /// ones. Whoever cancelled does not want to wait for a store that does not answer.
    func takeBack(_ upload: UnfinishedUpload, _ journal: (any UploadJournal)?) async {
        // Also where the task was cancelled, which would end it before it began.
        await Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    let open = OpenUpload(key: upload.key, uploadID: upload.uploadID, begun: nil)
                    guard (try? await self.takeBack(open)) != nil else { return }
                    try? await journal?.end(uploadID: upload.uploadID)
                }
                group.addTask { try? await Task.sleep(for: Self.longestFarewell) }
                await group.next()
                group.cancelAll()
            }
        }.value
    }

    private func sendWithRetries(_ request: S3Request) async throws(ObjectStorageError) -> HTTPResponse {
        try await retries.run { () throws(ObjectStorageError) in try await client.send(request) }
    }

    private static func list(_ parts: [UploadedPart]) -> [UInt8] {
        let entries = parts.map { part in
            let crc = part.crc32c.map { "<ChecksumCRC32C>\($0)</ChecksumCRC32C>" } ?? ""
            // An ETag has no character that XML knows but the quotes, which servers expect.
            return
                "<Part><PartNumber>\(part.number)</PartNumber><ETag>&quot;\(part.etag.xmlEscaped)&quot;</ETag>\(crc)</Part>"
        }
        let document =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(entries.joined())"
            + "</CompleteMultipartUpload>"
        return Array(document.utf8)
    }

    /// - Returns: The ETag where it proves the whole; nil where it has another form, or the store is not known to make
    ///   it as S3 does.
    /// - Throws: `integrity` for an ETag or CRC that is not reckoned from the parts' own.
    private func check(
        _ response: HTTPResponse, _ parts: [UploadedPart], _ request: S3Request
    ) throws(ObjectStorageError) -> String? {
        guard let answer = XMLNode(parsing: response.body), let field = answer["ETag"]?.text else {
            throw client.unexpectedAnswer(to: request, status: response.status)
        }
        let tag = EntityTag.unquoted(field)
        let isProven = EntityTag.isOfParts(tag) && tag.lowercased() == Self.etag(of: parts)
        let isReckoned = client.configuration.comparesETags && client.identity.provider.reckonsETags
        if !isProven, isReckoned, EntityTag.isOfParts(tag), let ours = Self.etag(of: parts) {
            throw ObjectStorageError(
                .integrity,
                "cannot \(request.action) in \(client.place): the store's ETag \(tag) is not \(ours), that of the parts"
            )
        }
        let crcs = parts.compactMap { $0.crc32c.flatMap(CRC32C.init(base64:)) }
        if let theirs = answer["ChecksumCRC32C"]?.text, crcs.count == parts.count, theirs.contains("-") {
            let ours = CRC32C.composite(of: crcs)
            guard theirs == ours else {
                throw ObjectStorageError(
                    .integrity,
                    "cannot \(request.action) in \(client.place): the store's CRC32C \(theirs) is not \(ours)")
            }
        }
        return isProven ? tag : nil
    }

    /// The ETag that S3 makes of parts whose own ones are MD5s: the MD5 of those, and how many they are. nil where they
    /// are none.
    private static func etag(of parts: [UploadedPart]) -> String? {
        var hash = Insecure.MD5()
        for part in parts {
            guard let digest = Hexadecimal.bytes(part.etag), digest.count == 16 else { return nil }
            hash.update(data: digest)
        }
        return "\(Hexadecimal.text(hash.finalize()))-\(parts.count)"
    }
}

/// One page of an upload's parts (`ListParts`).
struct S3PartPage: Sendable {
    struct Part: Sendable, Hashable {
        var number: Int
        var etag: String
        var bytes: Int64
    }

    var parts: [Part] = []
    /// The number that the next page begins behind; nil on the last.
    var next: Int?

    /// nil when the body is no such page.
    init?(parsing body: [UInt8]) {
        guard let root = XMLNode(parsing: body), root.name.hasPrefix("ListParts") else { return nil }
        for entry in root.children where entry.name == "Part" {
            guard let number = entry["PartNumber"].flatMap({ Int($0.text) }), let etag = entry["ETag"]?.text,
                let bytes = entry["Size"].flatMap({ Int64($0.text) })
            else { return nil }
            parts.append(Part(number: number, etag: EntityTag.unquoted(etag), bytes: bytes))
        }
        guard root["IsTruncated"]?.text == "true" else { return }
        guard let marker = root["NextPartNumberMarker"].flatMap({ Int($0.text) }) else { return nil }
        next = marker
    }
}

extension String {
    fileprivate var xmlEscaped: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
