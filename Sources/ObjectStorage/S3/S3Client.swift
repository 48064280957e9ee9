import Crypto
import FoundationEssentials
import Logging

/// Signs requests to one bucket, sends them, and turns what comes back into a response or an error an operator can
/// act on. Knows no operation.
struct S3Client: Sendable {
    /// SHA-256 of nothing.
    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    let endpoint: S3Endpoint
    let configuration: S3Configuration
    let session: CurlSession
    let identity: ProviderIdentity

    /// - Throws: For a transport failure and for every status that is not 2xx.
    func send(_ request: S3Request) async throws(ObjectStorageError) -> HTTPResponse {
        if Task.isCancelled { throw .cancelled }
        let response: HTTPResponse
        do {
            response = try await session.exchange(signed(request, at: SigningTime(Date())))
        } catch {
            throw self.error(for: error, request)
        }
        identity.note(response.headers)
        guard (200..<300).contains(response.status) else { throw self.error(for: response, request) }
        // S3 may begin to answer before it knows how an operation ends.
        if request.sink == nil, S3ErrorDocument(parsing: response.body) != nil {
            throw self.error(for: response, request)
        }
        return response
    }

    /// The request as it goes to the wire. Only what no proxy on the way adds or rewrites is signed.
    func signed(_ request: S3Request, at time: SigningTime) -> HTTPRequest {
        let address = endpoint.address(of: request.key, query: request.query)
        let payloadHash =
            switch request.content {
            case nil: Self.emptyHash
            case .bytes(let bytes): Hexadecimal.text(SHA256.hash(data: bytes))
            case .slice: request.sliceHash ?? "UNSIGNED-PAYLOAD"
            }
        var headers = HTTPHeaders([("Host", address.authority)])
        headers.append("x-amz-date", time.dateAndTime)
        headers.append("x-amz-content-sha256", payloadHash)
        if let token = configuration.credentials.sessionToken { headers.append("x-amz-security-token", token) }
        for field in request.headers { headers.append(field.name, field.value) }
        let signature = SignatureV4(
            credentials: configuration.credentials, region: configuration.region, service: "s3"
        ).sign(
            SignatureV4.Request(
                method: request.method.rawValue, path: address.path, query: request.query, headers: headers.fields,
                payloadHash: payloadHash), at: time)
        headers.append("Authorization", signature.authorization)
        return HTTPRequest(
            method: request.method, address: address, headers: headers, content: request.content,
            takesMD5: request.takesMD5, sink: request.sink, timeouts: configuration.timeouts,
            progress: request.progress)
    }
}
