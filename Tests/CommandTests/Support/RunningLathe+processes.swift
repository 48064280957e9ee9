import Foundation
import SystemPackage

extension RunningLathe {
    /// The processes that it has started and that still run.
    var children: [pid_t] {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(processIdentifier)/task")) ?? []
        return threads.flatMap { thread in
            let list = FileManager.default.contents(atPath: "/proc/\(processIdentifier)/task/\(thread)/children")
            return String(decoding: list ?? Data(), as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
        }
    }

    /// Sizes of the files without a name that it holds open in a folder: MP3s that are being written.
    func unfinishedFiles(in folder: String) -> [Int64] {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(processIdentifier)/fd")) ?? []
        return descriptors.compactMap { number in
            let link = "/proc/\(processIdentifier)/fd/\(number)"
            guard
                let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
                path.hasPrefix(folder), path.hasSuffix("(deleted)"),
                let file = try? FileDescriptor.open(FilePath(link), .readOnly)
            else { return nil }
            defer { try? file.close() }
            return try? file.seek(offset: 0, from: .end)
        }
    }

    /// A process has ended, though nobody may have collected its status yet.
    static func hasEnded(_ process: pid_t) -> Bool {
        guard let status = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return true }
        return String(decoding: status, as: UTF8.self).split(separator: ")").last?.hasPrefix(" Z") ?? true
    }
}
