extension ObjectStorageError {
    /// What an exchange without a response means.
    ///
    /// - Parameters:
    ///   - action: What was tried: "cannot put 'a' in bucket 'b' at http://c".
    ///   - peer: Who should have answered: "the store".
    init(_ failure: ExchangeError, while action: String, peer: String) {
        switch failure {
        case .local(let error): self = error
        case .transport(let error):
            let (kind, advice): (Kind, String) =
                switch error.kind {
                case .cannotConnect: (.unavailable, "check that \(peer) is up and its address is right")
                case .encryption: (.unavailable, "check the scheme of the address and the certificate of \(peer)")
                case .broken, .stalled: (.unavailable, "check the network and \(peer)")
                case .tooLarge: (.rejected, "it is larger than allowed")
                case .malformed: (.unexpectedAnswer, "check that the address is that of \(peer)")
                case .library: (.localIO, "nothing was sent")
                }
            self.init(kind, "\(action): \(error.detail); \(advice)")
        }
    }
}
