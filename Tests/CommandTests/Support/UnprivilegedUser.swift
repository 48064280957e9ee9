import Foundation
import Glibc
import SystemPackage

/// `nobody`, for what root may do and others may not.
enum UnprivilegedUser {
    /// This process is root, and `nobody` can reach the executables.
    static let mayRunLathe: Bool = {
        guard geteuid() == 0 else { return false }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = Lathe.setpriv("nobody") + [Lathe.executable.string, "--version"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
}
