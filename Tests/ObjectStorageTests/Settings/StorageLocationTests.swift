import SystemPackage
import Testing

@testable import ObjectStorage

@Suite struct StorageLocationTests {
    @Test(
        "Locations as they are meant to be written",
        arguments: [
            ("s3://tracks", StorageLocation.Kind.s3(bucket: "tracks", prefix: ""), "s3://tracks"),
            ("s3://tracks/", .s3(bucket: "tracks", prefix: ""), "s3://tracks"),
            ("S3://my.Bucket_1/a/b//", .s3(bucket: "my.Bucket_1", prefix: "a/b"), "s3://my.Bucket_1/a/b"),
            ("file:///srv/lathe", .directory("/srv/lathe"), "file:///srv/lathe"),
            ("file:///srv/with%20space/", .directory("/srv/with space"), "file:///srv/with space"),
            ("file://localhost/srv", .directory("/srv"), "file:///srv"),
            ("file:///srv/../var/x", .directory("/var/x"), "file:///var/x"),
        ])
    func parses(text: String, kind: StorageLocation.Kind, description: String) throws {
        let location = try StorageLocation(parsing: text)
        #expect(location.kind == kind)
        #expect(location.description == description)
    }

    @Test(
        "Typos are named, with how to write it",
        arguments: [
            ("", "s3://BUCKET"), ("tracks", "s3://"), ("/srv/lathe", "file:///srv/lathe"), ("s3:tracks", "two slashes"),
            ("s3:/tracks", "two slashes"), ("s3//tracks", "two slashes"), ("s3://", "names no bucket"),
            ("s3:///prefix", "names no bucket"), ("s3://tr acks", "only letters"),
            ("s3://tracks:9000/x", "only letters"),
            ("s3://tracks/a//b", "two in a row"), ("s3://tracks/../x", "'..'"), ("s3://tracks?region=x", "query"),
            ("gs://tracks", "'gs'"), ("https://host/tracks", "endpoint"), ("file://srv/lathe", "three slashes"),
            ("file://", "three slashes"), ("file:///", "root of the file system"), ("file:///a%zz", "% escape"),
        ])
    func refuses(text: String, hint: String) {
        let error = #expect(throws: ObjectStorageError.self) { try StorageLocation(parsing: text) }
        #expect(error?.kind == .invalidConfiguration)
        #expect(error?.description.contains(hint) == true, "\(String(describing: error))")
    }

    private static func configuration(
        bucket: String = "tracks", prefix: String = "", endpoint: String?, region: String = "eu-west-1",
        addressing: S3Configuration.Addressing = .automatic, publicURL: String? = nil
    ) -> S3Configuration {
        S3Configuration(
            bucket: bucket, prefix: prefix, endpoint: endpoint, region: region, addressing: addressing,
            credentials: S3Credentials(accessKeyID: "a", secretAccessKey: "b"), publicURL: publicURL)
    }

    @Test(
        "Objects are addressed and published where the provider has them, and found again",
        arguments: [
            (configuration(endpoint: nil), "https://tracks.s3.eu-west-1.amazonaws.com/k%20%2B/%C3%BC"),
            (
                configuration(bucket: "my.tracks", endpoint: nil),
                "https://s3.eu-west-1.amazonaws.com/my.tracks/k%20%2B/%C3%BC"
            ),
            (configuration(endpoint: "http://LOCALHOST:9000/"), "http://localhost:9000/tracks/k%20%2B/%C3%BC"),
            (configuration(endpoint: "https://h:443", addressing: .virtualHost), "https://tracks.h/k%20%2B/%C3%BC"),
            (configuration(prefix: "p/q", endpoint: "http://[::1]:80"), "http://[::1]/tracks/p/q/k%20%2B/%C3%BC"),
            (
                configuration(
                    prefix: "p", endpoint: "https://x.supabase.co/storage/v1/s3",
                    publicURL: "https://x.supabase.co/storage/v1/object/public/tracks/"),
                "https://x.supabase.co/storage/v1/object/public/tracks/p/k%20%2B/%C3%BC"
            ),
        ])
    func publicURLs(configuration: S3Configuration, url: String) throws {
        let store = try S3ObjectStore(configuration)
        #expect(store.publicURL(for: "k +/ü") == url)
        #expect(store.key(forPublicURL: url) == "k +/ü")
        #expect(store.key(forPublicURL: "HTTP" + url.dropFirst(4)) == "k +/ü")
        let own = store.client.endpoint.address(of: store.keyPrefix + "a").text
        #expect(store.key(forPublicURL: own) == "a")
    }

    @Test(
        "URLs that are not the store's have no key",
        arguments: [
            "", "k", "https://cdn.example/t/", "https://cdn.example/t", "https://cdn.example/other/p/k",
            "https://cdn.example/t/k", "https://cdn.example/t/p/../k", "https://cdn.example/t/p/k?v=1",
            "https://cdn.example/t/p/k#f", "https://cdn.example.evil/t/p/k", "https://u@cdn.example/t/p/k",
            "https://cdn.example/t/p/%zz", "https://cdn.example/t/p/%2e%2e/k", "http://cdn.example/t/p/k",
        ])
    func foreignURLs(url: String) throws {
        let store = try S3ObjectStore(
            Self.configuration(prefix: "p", endpoint: "https://h", publicURL: "https://cdn.example/t"))
        #expect(store.key(forPublicURL: url) == nil)
    }

    @Test(
        "Malformed settings are refused before anything is sent",
        arguments: [
            configuration(endpoint: "host:9000"), configuration(endpoint: "ftp://host"),
            configuration(endpoint: "http://host:0"), configuration(endpoint: "http://ho st"),
            configuration(endpoint: "http://"), configuration(endpoint: "http://host?x"),
            configuration(endpoint: nil, region: ""), configuration(endpoint: nil, region: "eu west"),
            configuration(bucket: "", endpoint: nil), configuration(prefix: "a//b", endpoint: nil),
            configuration(endpoint: "http://127.0.0.1:9000", addressing: .virtualHost),
            configuration(bucket: "Upper_case", endpoint: "http://h", addressing: .virtualHost),
            configuration(endpoint: nil, publicURL: "cdn.example"),
        ])
    func malformed(configuration: S3Configuration) {
        let error = #expect(throws: ObjectStorageError.self) { try S3ObjectStore(configuration) }
        #expect(error?.kind == .invalidConfiguration)
    }
}
