import Foundation
import MediaContract
import Pipeline
import Reports
import SystemPackage

/// The files that say what was measured of a master, beside its MP3: NAME.lathe.json, .html and .dat.
struct ReportFiles: Sendable {
    let report: TrackReport

    /// Writes them, over those of an earlier run.
    func write(beside target: FilePath) throws {
        let files: [(extension: String, bytes: [UInt8])] = [
            ("json", try Console.jsonBytes(report)),
            ("html", Array(ReportPage([report], generator: "Lathe \(LatheVersion.current)").html.utf8)),
            ("dat", WaveformFile(report.analysis.waveform).dat),
        ]
        for file in files {
            // By its bytes, which need not be UTF-8.
            var name = target
            name.extension = "lathe.\(file.extension)"
            let unfinished = try UnfinishedFile(for: name)
            do {
                try unfinished.file.descriptor.writeAll(file.bytes)
            } catch {
                throw CommandError(.workFailed, "\(name.shown) could not be written: \(error)")
            }
            try unfinished.synchronize()
            _ = try unfinished.publish(replacing: .anything)
        }
    }
}
