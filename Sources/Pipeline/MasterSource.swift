import Foundation
import Jobs
import ObjectStorage
import SystemPackage

/// Where a track's master or a release's cover may be fetched from: our own storage, and hosts on the allow-list.
struct MasterSource: Sendable {
    let store: any ObjectStore
    private let downloader: HTTPDownloader
    private let allowedHosts: Set<String>

    /// - Parameter allowedHosts: host names, without ports.
    init(store: any ObjectStore, allowedHosts: Set<String>) throws(PipelineError) {
        self.store = store
        self.allowedHosts = Set(allowedHosts.map { $0.lowercased() })
        do {
            downloader = try HTTPDownloader(allowedHosts: allowedHosts)
        } catch {
            throw PipelineError(.badConfiguration, error.message)
        }
    }

    /// The largest file that is fetched from an allow-listed host: 20 GB, the longest masters that are sold.
    static let maximumBytes: Int64 = 20_000_000_000

    /// Fetches a URL of the catalogue into `file`.
    /// - Throws: `ObjectStorageError`; `JobRejection` where the URL is neither in our storage nor on an allowed host.
    func fetch(_ url: String, into file: FileDescriptor) async throws {
        if let key = store.key(forPublicURL: url) {
            _ = try await store.get(key, into: file)
            return
        }
        let components = URLComponents(string: url)
        guard let host = components?.host?.lowercased(), allowedHosts.contains(host) else {
            let shown = Self.withoutSecrets(components) ?? "the URL"
            throw JobRejection(
                "\(shown) is neither in \(store.name) nor on an allowed host: upload the file again, "
                    + "or name its host in LATHE_MASTER_HOSTS")
        }
        do {
            _ = try await downloader.download(url, into: file, maximumBytes: Self.maximumBytes)
        } catch {
            guard error.kind == .accessDenied else { throw error }
            // A refusal by somebody else's host concerns this URL alone, unlike one by our own storage.
            throw ObjectStorageError(.notFound, error.message, httpStatus: error.httpStatus)
        }
    }

    /// A URL as an error may show it: a query can be a signature, and a user part a password.
    private static func withoutSecrets(_ url: URLComponents?) -> String? {
        var url = url
        url?.query = nil
        url?.user = nil
        url?.password = nil
        return url?.string
    }
}
