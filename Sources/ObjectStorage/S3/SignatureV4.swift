import Crypto

/// AWS Signature Version 4 in the `Authorization` header, with S3's rules for paths: what is signed is the path as it
/// is sent, neither normalised nor encoded a second time. Pure: the same request gives the same signature.
///
/// AWS, "Create a signed AWS API request" (Signature Version 4).
struct SignatureV4: Sendable {
    var credentials: S3Credentials
    var region: String
    var service: String

    /// The parts of a request a signature covers.
    struct Request: Sendable {
        /// Upper case.
        var method: String
        /// Percent-encoded, as sent; beginning with a slash.
        var path: String
        /// Decoded names and values, in any order.
        var query: [(name: String, value: String)] = []
        /// The fields to sign, `Host` among them, in any order and case.
        var headers: [(name: String, value: String)]
        /// SHA-256 of the body in lower-case hexadecimal, or `UNSIGNED-PAYLOAD`.
        var payloadHash: String
    }

    /// What signing makes; the intermediate texts are what a server prints when it disagrees.
    struct Signed: Sendable, Hashable {
        var canonicalRequest: String
        var stringToSign: String
        var signature: String
        /// Value of the `Authorization` header field.
        var authorization: String
    }

    /// - Parameter time: When the request is made; the same as its `x-amz-date`.
    func sign(_ request: Request, at time: SigningTime) -> Signed {
        let headers = Self.canonicalHeaders(request.headers)
        let signedNames = headers.map(\.name).joined(separator: ";")
        let canonicalRequest = [
            request.method, request.path, Self.canonicalQuery(request.query),
            headers.map { "\($0.name):\($0.value)\n" }.joined(), signedNames, request.payloadHash,
        ].joined(separator: "\n")
        let scope = "\(time.date)/\(region)/\(service)/aws4_request"
        let digest = Hexadecimal.text(SHA256.hash(data: Array(canonicalRequest.utf8)))
        let stringToSign = "AWS4-HMAC-SHA256\n\(time.dateAndTime)\n\(scope)\n\(digest)"
        let code = Self.authenticate(stringToSign, key: signingKey(date: time.date))
        let signature = Hexadecimal.text(code)
        let credential = "\(credentials.accessKeyID)/\(scope)"
        return Signed(
            canonicalRequest: canonicalRequest, stringToSign: stringToSign, signature: signature,
            authorization:
                "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(signedNames), Signature=\(signature)")
    }

    /// The query as it is signed and as it must be sent: encoded, sorted by the encoded names, then values.
    static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
        query.map { (name: PercentEncoding.encode($0.name), value: PercentEncoding.encode($0.value)) }
            .sorted { $0.name == $1.name ? $0.value < $1.value : $0.name < $1.name }
            .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// Names in lower case and sorted; values trimmed, runs of white space made one space; repeated fields joined by
    /// commas in the order they came.
    private static func canonicalHeaders(
        _ headers: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        var values: [String: [String]] = [:]
        for header in headers {
            let words = header.value.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
            values[header.name.lowercased(), default: []].append(words.joined(separator: " "))
        }
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.joined(separator: ",")) }
    }

    private func signingKey(date: String) -> HMAC<SHA256>.MAC {
        var code = Self.authenticate(date, key: Array("AWS4\(credentials.secretAccessKey)".utf8))
        for part in [region, service, "aws4_request"] { code = Self.authenticate(part, key: code) }
        return code
    }

    private static func authenticate(_ text: String, key: some Sequence<UInt8>) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: Array(key)))
    }
}
