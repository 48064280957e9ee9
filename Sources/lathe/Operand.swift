import SystemPackage

/// A file or folder as it was named on the command line, in the very bytes: a file name need not be UTF-8.
struct Operand: Sendable {
    let path: FilePath
    /// A folder's contents are meant rather than the folder: it was written with a slash at its end, or as `.` or `..`.
    let meansContents: Bool

    /// - Parameter text: as the argument parser gives it, with U+FFFD where the bytes were no UTF-8.
    init(_ text: String) {
        path = Self.bytes(behind: text) ?? FilePath(text)
        let last = text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        meansContents = ["", ".", ".."].contains(last)
    }

    /// The argument that reads like `text`, from the process's own argument vector.
    private static func bytes(behind text: String) -> FilePath? {
        guard text.unicodeScalars.contains("\u{FFFD}") else { return nil }
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = unsafe CommandLine.unsafeArgv[index] else { continue }
            let reading = unsafe String(cString: argument)
            if reading == text { return unsafe FilePath(platformString: argument) }
            guard reading.hasPrefix("-"), reading.hasSuffix("=" + text) else { continue }
            // An option's name is ASCII, so characters before the value are bytes before it.
            let name = reading.utf8.count - text.utf8.count
            return unsafe FilePath(platformString: argument + name)
        }
        return nil
    }
}

extension FilePath {
    /// For people: one line, whatever bytes the name has.
    var shown: String { string.withoutControlCharacters }

    /// What is left of the path below `folder`, both written alike.
    func below(_ folder: FilePath) -> FilePath {
        var relative = self
        return relative.removePrefix(folder) ? relative : self
    }
}
