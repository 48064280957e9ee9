import ArgumentParser
import Foundation
import MediaContract
import Pipeline
import Reports
import SystemPackage

/// The files that `lathe analyze` writes beside what it prints.
struct AnalysisOutputs {
    private enum WaveformFormat: String {
        case json, dat, png
    }

    private enum Zoom {
        case finest
        case samplesPerPixel(Int)
        case pixels(Int)
    }

    private let waveform: (path: FilePath, format: WaveformFormat)?
    private let zoom: Zoom
    private let resolution: WaveformFile.Resolution
    private let page: FilePath?

    /// - Throws: `ValidationError` where options exclude each other or name a format there is none of.
    init(waveform: String?, zoom: Int?, pixels: Int?, bits: Int, html: String?, fileCount: Int) throws {
        self.waveform = try waveform.map { try Self.target($0, fileCount: fileCount) }
        let isData = [.json, .dat].contains(self.waveform?.format)
        guard isData || zoom == nil && pixels == nil && bits == 16 else {
            throw ValidationError("--zoom, --pixels and --waveform-bits go with --waveform out.json or out.dat.")
        }
        guard zoom == nil || pixels == nil else { throw ValidationError("--zoom and --pixels exclude each other.") }
        guard zoom.map({ $0 >= Waveform.finestZoom && $0.nonzeroBitCount == 1 }) ?? true else {
            throw ValidationError("--zoom takes \(Waveform.finestZoom) or a power of two times that.")
        }
        guard pixels.map({ $0 > 0 }) ?? true else { throw ValidationError("--pixels takes 1 or more.") }
        self.zoom = zoom.map(Zoom.samplesPerPixel) ?? pixels.map(Zoom.pixels) ?? .finest
        guard let resolution = WaveformFile.Resolution(rawValue: bits) else {
            throw ValidationError("--waveform-bits takes 16 or 8.")
        }
        self.resolution = resolution
        page = html.map { FilePath($0) }
        guard page.map({ ["html", "htm"].contains($0.extension?.lowercased()) }) ?? true else {
            throw ValidationError("--html takes a name that ends in .html.")
        }
    }

    private static func target(_ name: String, fileCount: Int) throws -> (path: FilePath, format: WaveformFormat) {
        let path = FilePath(name)
        guard let format = WaveformFormat(rawValue: path.extension?.lowercased() ?? "") else {
            throw ValidationError("--waveform takes a name that ends in .json, .dat or .png.")
        }
        guard fileCount == 1 else {
            throw ValidationError("--waveform names one waveform; there are \(fileCount) files.")
        }
        return (path, format)
    }

    /// Before anything is measured: no source is an output, no output is there already without `force`, and there is a
    /// folder for each.
    func checkThatNothingIsLost(files: [String], force: Bool) throws(CommandError) {
        for target in [waveform?.path, page].compactMap(\.self) {
            if let file = files.first(where: { Self.place(of: FilePath($0)) == Self.place(of: target) }) {
                throw CommandError(.usage, "\(file) would be replaced by its own report: name another file")
            }
            guard force || !FileManager.default.fileExists(atPath: target.string) else {
                throw CommandError(.workFailed, "\(target) is already there; --force replaces it")
            }
            let folder = target.removingLastComponent()
            do {
                try Folder.checkWritable(folder.isEmpty ? "." : folder)
            } catch {
                throw CommandError(error.exit, "\(target): \(error.message)")
            }
        }
    }

    private static func place(of path: FilePath) -> String {
        URL(filePath: path.string).resolvingSymlinksInPath().path
    }

    /// - Parameter reports: at least one.
    func write(_ reports: [TrackReport], force: Bool) throws {
        if let waveform, let report = reports.first {
            try write(try waveformBytes(report, waveform.format), to: waveform.path, force: force)
        }
        guard let page else { return }
        let html = ReportPage(reports, generator: "lathe \(LatheVersion.current)").html
        try write(Array(html.utf8), to: page, force: force)
    }

    private func waveformBytes(_ report: TrackReport, _ format: WaveformFormat) throws(CommandError) -> [UInt8] {
        switch format {
        case .json: return try waveformFile(report).json
        case .dat: return try waveformFile(report).dat
        case .png:
            do {
                return try TrackPicture(report).png()
            } catch {
                throw CommandError(.workFailed, "the picture could not be drawn: \(error)")
            }
        }
    }

    private func waveformFile(_ report: TrackReport) throws(CommandError) -> WaveformFile {
        let all = report.analysis.waveform
        switch zoom {
        case .finest: return WaveformFile(all, resolution: resolution)
        case .pixels(let limit): return WaveformFile(all.zoomed(toAtMost: limit), resolution: resolution)
        case .samplesPerPixel(let size):
            guard let zoomed = all.zoomed(samplesPerPixel: size) else {
                throw CommandError(
                    .workFailed,
                    "\(report.file) is so long that its finest waveform has \(all.samplesPerPixel) samples a pixel: "
                        + "use --zoom \(all.samplesPerPixel) or more")
            }
            return WaveformFile(zoomed, resolution: resolution)
        }
    }

    private func write(_ bytes: [UInt8], to target: FilePath, force: Bool) throws {
        let file = try UnfinishedFile(for: target)
        do {
            try file.file.descriptor.writeAll(bytes)
        } catch {
            throw CommandError(.workFailed, "\(target) could not be written: \(error)")
        }
        try file.synchronize()
        guard try file.publish(replacing: force ? .anything : .nothing) else {
            throw CommandError(.workFailed, "\(target) is already there; --force replaces it")
        }
    }
}
