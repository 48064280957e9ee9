/// One operation on a bucket, before it has an address and a signature.
struct S3Request: Sendable {
    /// What is to be done, for errors: the rest of "cannot …".
    var action: String
    var method: HTTPRequest.Method
    /// With the store's prefix; empty for the bucket itself.
    var key = ""
    /// Decoded; every value is sent, an empty one as `name=`.
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var content: HTTPRequest.Content?
    /// SHA-256 of a slice in lower-case hexadecimal; nil leaves it unsigned. Bytes are always signed.
    var sliceHash: String?
    var takesMD5 = true
    var sink: HTTPRequest.Sink?
    var progress: (@Sendable (Int64) -> Void)?
}
