import FoundationEssentials

/// One page of a bucket's listing (`ListObjectsV2`).
struct S3ListPage: Sendable {
    /// Keys are whole, the store's prefix included.
    var objects: [StoredObject] = []
    /// Asks for the next page; nil on the last.
    var continuation: String?

    /// nil when the body is no such page.
    init?(parsing body: [UInt8]) {
        guard let root = XMLNode(parsing: body), root.name == "ListBucketResult" else { return nil }
        let isEncoded = root["EncodingType"]?.text == "url"
        for entry in root.children where entry.name == "Contents" {
            guard let raw = entry["Key"]?.text, let bytes = entry["Size"].flatMap({ Int64($0.text) }),
                let key = isEncoded ? PercentEncoding.decode(raw, plusIsSpace: true) : raw
            else { return nil }
            objects.append(
                StoredObject(
                    key: key, bytes: bytes, etag: entry["ETag"].map { EntityTag.unquoted($0.text) },
                    lastModified: entry["LastModified"].flatMap { Self.date($0.text) }))
        }
        if root["IsTruncated"]?.text == "true" {
            guard let token = root["NextContinuationToken"]?.text, !token.isEmpty else { return nil }
            continuation = token
        }
    }

    /// ISO 8601 in UTC, with or without fractions of a second.
    static func date(_ text: String) -> Date? {
        (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
            ?? (try? Date(text, strategy: .iso8601))
    }
}

extension S3ObjectStore {
    package func list(prefix: String) async throws(ObjectStorageError) -> [StoredObject] {
        var objects: [StoredObject] = []
        var continuation: String?
        repeat {
            // Encoded keys, because XML cannot hold every character a key can.
            var query = [(name: "list-type", value: "2"), ("encoding-type", "url"), ("prefix", keyPrefix + prefix)]
            if let continuation { query.append(("continuation-token", continuation)) }
            let request = S3Request(action: "list \(ObjectKey.quoted(prefix))", method: .get, query: query)
            let response = try await retries.run { () throws(ObjectStorageError) in try await client.send(request) }
            guard let page = S3ListPage(parsing: response.body),
                page.continuation != continuation || continuation == nil
            else { throw client.unexpectedAnswer(to: request, status: response.status) }
            noteBucket()
            for object in page.objects {
                // What is no key here (a folder's marker ends with a slash) cannot be asked for either.
                guard let key = object.key.removing(prefix: keyPrefix), ObjectKey.problem(in: key) == nil else {
                    continue
                }
                var relative = object
                relative.key = key
                objects.append(relative)
            }
            continuation = page.continuation
        } while continuation != nil
        return objects.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}
