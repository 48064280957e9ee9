/// The `<Error>` document S3 answers with.
struct S3ErrorDocument: Sendable, Hashable {
    /// Longer texts of a server's are cut in errors.
    private static let maximumText = 300

    var code: String
    var message: String?
    /// The region the request should have been signed for.
    var region: String?
    /// The host the bucket is at.
    var endpoint: String?
    var requestID: String?

    /// nil when the body is something else.
    init?(parsing body: [UInt8]) {
        guard !body.isEmpty, let root = XMLNode(parsing: body), root.name == "Error", let code = root["Code"]?.text,
            !code.isEmpty
        else { return nil }
        self.code = Self.line(code)
        message = root["Message"].map { Self.line($0.text) }
        region = root["Region"].map { Self.line($0.text) }
        endpoint = root["Endpoint"].map { Self.line($0.text) }
        requestID = root["RequestId"].map { Self.line($0.text) }
    }

    /// What a server wrote, fit for one line of a log.
    private static func line(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(maximumText))
    }
}
