import Glibc
package import SystemPackage

/// Where things are in this repository and its build.
package enum RepositoryPaths {
    /// The folder that holds Package.swift.
    package static let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    /// Recorded and generated media for tests.
    package static let fixtures = root.appending("Fixtures")

    /// Numbered SQL files.
    package static let migrations = root.appending("migrations")

    /// Programs of the Python environment: the S3 servers that tests run against.
    package static let pythonPrograms = root.appending(".venv").appending("bin")

    /// Where `lathe` and `lathe-media` are built: the test program stands beside them.
    package static let buildProducts: FilePath = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return FilePath(path).removingLastComponent()
    }()
}
