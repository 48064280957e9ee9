import Synchronization

/// Who runs a store, as it is found out: set by an operator, or guessed from the endpoint's name and then seen from the
/// store's answers.
final class ProviderIdentity: Sendable {
    private let isSet: Bool
    private let state: Mutex<S3Provider>

    /// - Parameter endpointHost: nil for Amazon's own.
    init(_ provider: S3Provider?, endpointHost: String?) {
        isSet = provider != nil
        state = Mutex(provider ?? S3Provider(endpointHost: endpointHost))
    }

    var provider: S3Provider { state.withLock { $0 } }

    func note(_ headers: HTTPHeaders) {
        guard !isSet, let provider = S3Provider(server: headers["server"]) else { return }
        // A host name says more: many run MinIO or Ceph behind one of their own.
        state.withLock { if $0 == .generic { $0 = provider } }
    }
}
