/// The way between object keys and the URLs the public reads them under.
struct PublicAddress: Sendable, Hashable {
    /// URL under which a key follows after a slash; percent-encoded, without a slash at its end. The first is the one
    /// that is handed out, the others are recognised too.
    private let bases: [String]
    /// Before every key, with a slash at its end; or empty.
    private let prefix: String

    init(bases: [String], prefix: String) {
        self.bases = bases.map(Self.canonical)
        self.prefix = prefix.isEmpty ? "" : prefix + "/"
    }

    func url(for key: String) -> String {
        (bases.first ?? "") + "/" + PercentEncoding.encode(prefix + key, keepingSlashes: true)
    }

    /// nil for URLs elsewhere, and for those with a query, a fragment, or a key no store takes.
    func key(for url: String) -> String? {
        guard !url.contains("?"), !url.contains("#") else { return nil }
        let url = Self.canonical(url)
        for base in bases {
            guard let encoded = url.removing(prefix: base + "/"), let whole = PercentEncoding.decode(encoded),
                let key = whole.removing(prefix: prefix), ObjectKey.problem(in: key) == nil
            else { continue }
            return key
        }
        return nil
    }

    /// Scheme and host in lower case, the port left out where it is the scheme's own.
    private static func canonical(_ url: String) -> String {
        guard let address = try? WebAddress(parsing: url) else { return trimmed(url) }
        return trimmed(address.origin + address.path)
    }

    private static func trimmed(_ url: String) -> String {
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        return url
    }
}
