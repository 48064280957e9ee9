import ArgumentParser
import Foundation
import MediaContract
import MediaSandbox
import Pipeline
import Reports
import SystemPackage

struct Analyze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure masters and say what is wrong with them: loudness, peaks, clipping, silence, fakes.")

    @OptionGroup var options: SettingsOptions
    @Argument(help: "Audio files.", completion: .file()) var files: [String]
    @Flag(help: "Print JSON, one file a line.") var json = false

    func run() async throws {
        let sandbox = try LocalMedia.sandbox(try await Settings(options))
        for name in files {
            let file = try LocalMedia.open(name)
            let status = try FileStatus(of: file.descriptor)
            let (inspection, analysis) = try await sandbox.analyzeAudio(file.descriptor)
            let report = TrackReport(
                file: name, bytes: status.bytes, sha256: try await FileHash.sha256(of: file.descriptor),
                inspection: inspection, analysis: analysis)
            try Console.json(report)
        }
    }
}
