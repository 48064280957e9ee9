import Foundation
import Glibc
import SystemPackage

/// `nobody`, for what root may do and others may not.
enum UnprivilegedUser {
    /// This process is root, and `nobody` can reach the executables: everybody may pass every folder above them.
    static let mayRunLathe: Bool = {
        guard geteuid() == 0 else { return false }
        var path = Lathe.executable
        while !path.components.isEmpty {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path.string)
            guard let mode = attributes?[.posixPermissions] as? Int, mode & 0o001 != 0 else { return false }
            path.removeLastComponent()
        }
        return true
    }()
}
