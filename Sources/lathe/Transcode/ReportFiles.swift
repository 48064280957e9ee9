import Foundation
import MediaContract
import Pipeline
import Reports
import SystemPackage

/// The files that say what was measured of a master, beside its MP3: NAME.lathe.json, .html and .dat.
enum ReportFiles {
    private enum Kind: String, CaseIterable {
        case json, html, dat

        /// By its bytes, which need not be UTF-8.
        func path(beside target: FilePath) -> FilePath {
            var path = target
            path.extension = "lathe.\(rawValue)"
            return path
        }
    }

    /// Whether all are there and none is older than the MP3: each run writes them after its MP3's bytes.
    ///
    /// - Throws: `CommandError` where their names are too long to be written.
    static func areCurrent(beside target: FilePath) throws(CommandError) -> Bool {
        let mp3 = try? FileEntry(at: target, followsLinks: false)
        var areCurrent = true
        for kind in Kind.allCases {
            do throws(Errno) {
                let entry = try FileEntry(at: kind.path(beside: target), followsLinks: false)
                areCurrent = areCurrent && mp3.map { $0.stamp.modified <= entry.stamp.modified } ?? false
            } catch .fileNameTooLong {
                throw CommandError(
                    .workFailed, "its name is too long with .lathe.\(kind) at the end; -o gives the MP3 another")
            } catch {
                areCurrent = false
            }
        }
        return areCurrent
    }

    /// Writes them, over those of an earlier run.
    static func write(_ report: TrackReport, beside target: FilePath) throws {
        for kind in Kind.allCases {
            let path = kind.path(beside: target)
            let file = try UnfinishedFile(for: path)
            do {
                try file.file.descriptor.writeAll(bytes(of: report, as: kind))
            } catch let error as Errno {
                throw CommandError(.workFailed, "\(path.shown) could not be written: \(error)")
            }
            try file.synchronize()
            _ = try file.publish(replacing: .anything)
        }
    }

    private static func bytes(of report: TrackReport, as kind: Kind) throws -> [UInt8] {
        switch kind {
        case .json: try Console.jsonBytes(report)
        case .html: Array(ReportPage([report], generator: "Lathe \(LatheVersion.current)").html.utf8)
        case .dat: WaveformFile(report.analysis.waveform).dat
        }
    }
}
