package import SystemPackage

/// Where objects are kept, as an operator writes it: `s3://bucket/prefix` or `file:///directory`.
package struct StorageLocation: Sendable, Hashable, CustomStringConvertible {
    /// The two kinds of store.
    package enum Kind: Sendable, Hashable {
        /// A bucket; `prefix` goes before every key, without slashes at its ends, and is empty for the whole bucket.
        case s3(bucket: String, prefix: String)
        /// An absolute directory.
        case directory(FilePath)
    }

    package let kind: Kind

    /// - Throws: `invalidConfiguration` with a sentence that says what is wrong with the text and how to write it.
    ///   A user name or password in the text is never repeated.
    package init(parsing url: String) throws(ObjectStorageError) {
        guard let separator = url.firstRange(of: "://") else { throw Self.missingScheme(url) }
        let scheme = url[..<separator.lowerBound].lowercased()
        let rest = url[separator.upperBound...]
        guard !rest.prefix(while: { $0 != "/" }).contains("@") else {
            throw Self.malformed("holds a user name or password: pass credentials through AWS_ACCESS_KEY_ID")
        }
        guard !rest.contains("?"), !rest.contains("#") else {
            throw Self.malformed(
                "'\(url)' has a query or fragment: pass the endpoint and region as settings of their own")
        }
        switch scheme {
        case "s3": kind = try Self.parseBucket(rest)
        case "file": kind = try Self.parseDirectory(rest, url: url)
        case "http", "https":
            throw Self.malformed("'\(url)' is an endpoint: write s3://BUCKET and pass the address as the endpoint")
        default:
            throw Self.malformed("'\(url)' has the scheme '\(scheme)': write s3://BUCKET[/PREFIX] or file:///DIRECTORY")
        }
    }

    package var description: String {
        switch kind {
        case .s3(let bucket, let prefix): prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)"
        case .directory(let path): "file://\(path)"
        }
    }

    private static func parseBucket(_ rest: Substring) throws(ObjectStorageError) -> Kind {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bucket = parts.first.map(String.init) ?? ""
        if let problem = BucketName.problem(in: bucket) { throw malformed(problem) }
        var prefix = parts.count > 1 ? parts[1] : ""
        while prefix.hasSuffix("/") { prefix.removeLast() }
        if !prefix.isEmpty, let problem = ObjectKey.problem(in: String(prefix)) {
            throw malformed("'s3://\(rest)': the prefix \(problem)")
        }
        return .s3(bucket: bucket, prefix: String(prefix))
    }

    private static func parseDirectory(_ rest: Substring, url: String) throws(ObjectStorageError) -> Kind {
        let path = rest.hasPrefix("localhost/") ? rest.dropFirst("localhost".count) : rest
        guard path.hasPrefix("/") else {
            throw malformed("'\(url)' has no absolute path: write file:///DIRECTORY, with three slashes")
        }
        guard let decoded = PercentEncoding.decode(path), !decoded.contains("\0") else {
            throw malformed("'\(url)' has a damaged % escape: write a percent sign as %25")
        }
        let directory = FilePath(decoded).lexicallyNormalized()
        guard !directory.components.isEmpty else {
            throw malformed("'\(url)' is the root of the file system: name a directory below it")
        }
        return .directory(directory)
    }

    private static func missingScheme(_ url: String) -> ObjectStorageError {
        if url.isEmpty { return malformed("is empty: write s3://BUCKET[/PREFIX] or file:///DIRECTORY") }
        if url.hasPrefix("/") { return malformed("'\(url)' has no scheme: write file://\(url)") }
        let scheme = url.prefix { $0.isLetter || $0.isNumber }
        return malformed(
            url.contains("@") || !["s3", "file"].contains(scheme.lowercased())
                ? "does not begin with s3:// or file://"
                : "'\(url)' does not begin with \(scheme.lowercased())://, with a colon and two slashes")
    }

    private static func malformed(_ problem: String) -> ObjectStorageError {
        ObjectStorageError(.invalidConfiguration, "the storage URL \(problem)")
    }
}

/// What a bucket may be called. The rules are wider than AWS's own: Supabase takes upper case and underscores.
enum BucketName {
    /// What is wrong with a name, as the end of a sentence; nil when nothing is.
    static func problem(in name: String) -> String? {
        if name.isEmpty { return "names no bucket: write s3://BUCKET[/PREFIX]" }
        guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy(isAllowed), name != ".", name != ".." else {
            return "names the bucket '\(name)', but a bucket's name has only letters, digits, '.', '-' and '_'"
        }
        return nil
    }

    /// The name is one label of a host name, which the wildcard certificate of a store covers.
    static func isHostLabel(_ name: String) -> Bool {
        isHostName(name) && !name.contains(".")
    }

    /// The name is one or more labels of a host name.
    static func isHostName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count)
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { isLowerCaseOrDigit($0) || $0 == UInt8(ascii: "-") }
            }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isLowerCaseOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func isLowerCaseOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
