/// What is stored beside an object's bytes and handed out with them. A directory keeps none of it.
package struct ObjectAttributes: Sendable, Hashable {
    /// MIME type, sent as `Content-Type`.
    package var contentType: String
    /// Sent as `Cache-Control`.
    package var cacheControl: String?
    /// Sent as `Content-Disposition`.
    package var contentDisposition: String?

    /// The values become HTTP header fields: printable ASCII only, or the put is `rejected`.
    package init(contentType: String, cacheControl: String? = nil, contentDisposition: String? = nil) {
        self.contentType = contentType
        self.cacheControl = cacheControl
        self.contentDisposition = contentDisposition
    }

    /// The header fields in the order they are sent.
    var headerFields: [(name: String, value: String)] {
        var fields = [(name: "Content-Type", value: contentType)]
        if let cacheControl { fields.append(("Cache-Control", cacheControl)) }
        if let contentDisposition { fields.append(("Content-Disposition", contentDisposition)) }
        return fields
    }
}

extension ObjectAttributes {
    /// - Throws: `rejected` for a value that is empty or not printable ASCII: it could end the header field early.
    func validate() throws(ObjectStorageError) {
        for field in headerFields
        where field.value.isEmpty || !field.value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            throw ObjectStorageError(.rejected, "the value of \(field.name) is empty or not printable ASCII")
        }
    }
}
