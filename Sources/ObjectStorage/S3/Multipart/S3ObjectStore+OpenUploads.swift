import FoundationEssentials

extension S3ObjectStore {
    package func openUploads(prefix: String) async throws(ObjectStorageError) -> [OpenUpload] {
        var uploads: [OpenUpload] = []
        var marker: (key: String, id: String)?
        repeat {
            // Encoded keys, because XML cannot hold every character a key can.
            var query = [(name: "uploads", value: ""), ("encoding-type", "url"), ("prefix", keyPrefix + prefix)]
            if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
            let request = S3Request(action: "list open uploads", method: .get, query: query)
            let response = try await retries.run { () throws(ObjectStorageError) in try await client.send(request) }
            guard let page = S3UploadPage(parsing: response.body), page.next?.id != marker?.id || marker == nil else {
                throw client.unexpectedAnswer(to: request, status: response.status)
            }
            for upload in page.uploads {
                guard let key = upload.key.removing(prefix: keyPrefix), ObjectKey.problem(in: key) == nil else {
                    continue
                }
                uploads.append(OpenUpload(key: key, uploadID: upload.uploadID, begun: upload.begun))
            }
            marker = page.next
        } while marker != nil
        return uploads
    }

    package func takeBack(_ upload: OpenUpload) async throws(ObjectStorageError) {
        let request = S3Request(
            action: "take back an upload of \(ObjectKey.quoted(upload.key))", method: .delete,
            key: try wholeKey(upload.key), query: [("uploadId", upload.uploadID)])
        do throws(ObjectStorageError) {
            _ = try await retries.run { () throws(ObjectStorageError) in try await client.send(request) }
        } catch  where error.kind == .notFound {
            // Somebody was quicker, or it was completed.
        }
    }
}

/// One page of a bucket's open uploads (`ListMultipartUploads`).
struct S3UploadPage: Sendable {
    /// Keys are whole, the store's prefix included.
    var uploads: [OpenUpload] = []
    /// What the next page begins behind; nil on the last.
    var next: (key: String, id: String)?

    /// nil when the body is no such page.
    init?(parsing body: [UInt8]) {
        guard let root = XMLNode(parsing: body), root.name.hasPrefix("ListMultipartUploads")
        else { return nil }
        let isEncoded = root["EncodingType"]?.text == "url"
        func key(_ text: String) -> String? { isEncoded ? PercentEncoding.decode(text, plusIsSpace: true) : text }
        for entry in root.children where entry.name == "Upload" {
            guard let key = entry["Key"].flatMap({ key($0.text) }), let id = entry["UploadId"]?.text else { return nil }
            uploads.append(
                OpenUpload(key: key, uploadID: id, begun: entry["Initiated"].flatMap { S3ListPage.date($0.text) }))
        }
        guard root["IsTruncated"]?.text == "true" else { return }
        guard let marker = root["NextKeyMarker"].flatMap({ key($0.text) }), let id = root["NextUploadIdMarker"]?.text
        else { return nil }
        next = (marker, id)
    }
}
