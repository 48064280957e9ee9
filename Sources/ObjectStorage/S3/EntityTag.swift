/// An ETag header field, and whether it tells something about the content.
struct EntityTag: Sendable, Hashable {
    /// Without quotes and weakness mark.
    let value: String
    /// The MD5 of the content in lower-case hexadecimal; nil where the ETag is something else: of a multipart upload
    /// (it has a dash), or of an object encrypted with a key other than S3's own (SSE-KMS, SSE-C).
    ///
    /// AWS, "Amazon S3 API Reference: Object", ETag.
    let md5: String?

    /// nil when the response has no ETag.
    init?(_ headers: HTTPHeaders) {
        guard let field = headers["etag"] else { return nil }
        let value = Self.unquoted(field)
        guard !value.isEmpty else { return nil }
        self.value = value
        let usesOtherKey =
            headers["x-amz-server-side-encryption"]?.hasPrefix("aws:kms") == true
            || headers["x-amz-server-side-encryption-customer-algorithm"] != nil
        let isMD5 = value.utf8.count == 32 && value.allSatisfy { $0.isASCII && $0.isHexDigit }
        md5 = isMD5 && !usesOtherKey ? value.lowercased() : nil
    }

    /// Whether a tag has the form of one that is made of parts' tags.
    static func isOfParts(_ tag: String) -> Bool {
        let halves = tag.split(separator: "-", omittingEmptySubsequences: false)
        return halves.count == 2 && halves[0].utf8.count == 32 && halves[0].allSatisfy(\.isHexDigit)
            && Int(halves[1]) != nil
    }

    static func unquoted(_ field: String) -> String {
        let strong = field.hasPrefix("W/") ? field.dropFirst(2) : field[...]
        return String(
            strong.hasPrefix("\"") && strong.hasSuffix("\"") && strong.count > 1
                ? strong.dropFirst().dropLast() : strong)
    }
}
