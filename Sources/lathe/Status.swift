import ArgumentParser
import Foundation
import Jobs
import Pipeline
import Postgres
import Reports

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say how far releases are: all that are PROCESSING, or one with its tracks.")

    @OptionGroup var options: SettingsOptions
    @Argument(help: "A release's id.") var release: UUID?
    @Flag(help: "Print JSON, one release a line.") var json = false

    func run() async throws {
        let database = try await Connected.database(options)
        let catalogue = Catalogue(database: database)
        let releases = try await catalogue.progress(of: release.map { .one($0) } ?? .processing)
        if let release, releases.isEmpty {
            throw CommandError(.workFailed, "there is no release \(release.lowercased)")
        }
        if json {
            for progress in releases { try Console.json(progress) }
        } else if let release {
            try await show(releases, tracks: try await catalogue.tracks(of: release))
        } else {
            list(releases)
        }
        await database.close()
    }

    private func list(_ releases: [ReleaseProgress]) {
        guard !releases.isEmpty else {
            Console.line("no release is PROCESSING")
            return
        }
        Console.table(
            ["RELEASE", "TITLE", "TRACKS", "UPLOADED", "RENDERED", "NOTE"],
            releases.map {
                [
                    $0.id.lowercased, $0.title, "\($0.trackCount)", "\($0.uploadedCount)", "\($0.renderedCount)",
                    $0.failure ?? "",
                ]
            })
    }

    private func show(_ releases: [ReleaseProgress], tracks: [TrackProgress]) async throws {
        for release in releases {
            Console.line("\(release.title) — \(release.artist ?? "unknown artist")")
            Console.line("\(release.id.lowercased)  \(release.status)  \(release.sentence)")
            if let failure = release.failure { Console.line("cannot move on: \(failure)") }
            if let loudness = release.integratedLoudness {
                Console.line(
                    "album: \(Readable.level(loudness)) LUFS, true peak \(Readable.level(release.truePeak)) dBTP")
            }
        }
        Console.table(
            ["#", "TITLE", "LENGTH", "UPLOAD", "PROCESSING", "MP3", "LUFS", "dBTP", "NOTE"],
            tracks.map {
                [
                    "\($0.order)", $0.title, $0.isUploaded ? Readable.time(seconds: $0.durationSeconds) : "-",
                    $0.uploadStatus ?? "-", $0.processingStatus ?? "-",
                    $0.renditionBytes.map(Readable.bytes) ?? "-", Readable.level($0.measured?.integratedLoudness),
                    Readable.level($0.measured?.truePeak), $0.error ?? "",
                ]
            })
        for track in tracks { showFindings(of: track) }
    }

    private func showFindings(of track: TrackProgress) {
        guard let measured = track.measured else { return }
        for finding in measured.findings where finding.severity != .note {
            Console.line("track \(track.order), \(finding.severity.rawValue): \(finding.message)")
        }
        for other in measured.duplicates {
            let likeness = other.hasSameSamples ? "has the samples of" : "sounds like"
            Console.line("track \(track.order), note: \(likeness) track \(other.track.lowercased)")
        }
        Console.line("track \(track.order), report: \(measured.pageURL)")
    }
}
