import Testing

@testable import ObjectStorage

/// Secrets stay where they are used.
@Suite struct SecrecyTests {
    private static let credentials = S3Credentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "s3cr3t-key", sessionToken: "s3cr3t-token")

    private func texts(of value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped, maxDepth: 20)
        return [String(describing: value), String(reflecting: value), "\(value)", dumped]
    }

    @Test("No description, reflection or dump of anything that holds credentials shows them")
    func redacted() throws {
        let configuration = S3Configuration(bucket: "tracks", credentials: Self.credentials)
        let store = try S3ObjectStore(configuration)
        let request = store.client.signed(
            S3Request(action: "test", method: .get, key: "k"), at: SigningTime(dateAndTime: "20150830T123600Z"))
        let signer = SignatureV4(credentials: Self.credentials, region: "r", service: "s3")
        for value in [Self.credentials, configuration, store, request, signer] as [Any] {
            for text in texts(of: value) {
                #expect(!text.contains("s3cr3t"), "\(text)")
                #expect(!text.contains("Signature="), "\(text)")
            }
        }
        #expect(Self.credentials.description.contains("AKIDEXAMPLE"))
        #expect(store.name == "s3://tracks at https://s3.us-east-1.amazonaws.com")
    }

    @Test("A storage URL with credentials in it is refused without repeating them")
    func credentialsInURL() {
        for url in ["s3://AKID:s3cr3t@bucket/p", "s3:/AKID:s3cr3t@bucket", "http://u:s3cr3t@host/b"] {
            let error = #expect(throws: ObjectStorageError.self) { try StorageLocation(parsing: url) }
            #expect(error?.kind == .invalidConfiguration)
            #expect(error?.description.contains("s3cr3t") == false)
        }
        var configuration = S3Configuration(bucket: "tracks", credentials: Self.credentials)
        configuration.endpoint = "https://u:s3cr3t@host"
        let error = #expect(throws: ObjectStorageError.self) { try S3ObjectStore(configuration) }
        #expect(error?.kind == .invalidConfiguration)
        #expect(error?.description.contains("s3cr3t@") == false)
    }
}
