import ArgumentParser
import Foundation
import MediaContract
import MediaSandbox
import Pipeline
import SystemPackage

struct Transcode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cut 320 kbps MP3s, exact to the sample, without database or storage.",
        discussion: """
            A file that is named is always tried, once. Of a folder, all below it are taken that have the extension of an audio \
            file (\(FolderWalk.extensions.sorted().joined(separator: " "))); hidden ones are left out, an MP3 beside a \
            master of its name, too, and the total says how many. Links are followed.

            Without --out-dir each MP3 lies beside its master. With it, a folder keeps its name and its tree there, as \
            with cp -r and rsync; with a slash at its end, its contents alone go there. So music/b/song.wav becomes

              lathe transcode music                    music/b/song.mp3
              lathe transcode music --out-dir out      out/music/b/song.mp3
              lathe transcode music/ --out-dir out     out/b/song.mp3

            A master's own tags and pictures are not carried over: --title, --artist, --album and --cover are all that the \
            MP3s say.

            Each MP3 is decoded again and counted before it gets its name; however a run ends, nothing unfinished is left. \
            A bad file does not stop the others; the exit status is then 1.

            Started again, it goes on where it ended. \(TranscodeRecord.name), in --out-dir or in the folder whose masters \
            have their MP3s beside them, says by which master's bytes (XXH3 of 128 bits), profile, tags and cover each MP3 was made. \
            What was made of the same is done, also where the master has another name or place now: its MP3 is then copied. \
            A master that has changed is transcoded anew and its own former MP3 replaced. Any other file in the place of an \
            MP3 is an error. A single file without --out-dir begins no such record.

            Files are transcoded side by side, one a thread, and the last ones by several threads each where threads would \
            find no other. How many threads a file gets is decided when it begins.
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: "Audio files and folders.", completion: .file()) var files: [String]
    @Option(name: .shortAndLong, help: "The MP3 to write; only with a single file.") var output: String?
    @Option(help: "Folder for the MP3s, made where it is missing; by default each lies beside its master.")
    var outDir: String?
    @Flag(help: "Transcode every file, whatever was done before, and replace what is in the place of an MP3.")
    var force = false
    @Flag(help: "Read and keep no record of what is done; an MP3 that is there is then an error.")
    var noResume = false
    @Option(help: "Threads in all; by default one a core.")
    var threads = ProcessInfo.processInfo.activeProcessorCount
    @Flag(
        help: """
            Measure each master in the same decode, as lathe analyze does, and write NAME.lathe.json, .html and .dat \
            (waveform) beside each MP3, over those of an earlier run; of one that is done already, too, where they are \
            missing or older than it.
            """)
    var report = false
    @Flag(help: "Print JSON: an object a file, also for one that failed, and an object with the total at the end.")
    var json = false
    @Flag(help: "Name what is left out of folders, and why.") var verbose = false

    @Option(help: "Title tag.") var title: String?
    @Option(help: "Artist tag.") var artist: String?
    @Option(help: "Album tag.") var album: String?
    @Option(help: "Cover picture, JPEG or PNG.", completion: .file()) var cover: String?

    func validate() throws {
        guard output == nil || files.count == 1 else {
            throw ValidationError("-o names one MP3; use --out-dir for \(files.count) files.")
        }
        guard (1...64).contains(threads) else { throw ValidationError("--threads takes 1 to 64.") }
        guard output == nil || outDir == nil else { throw ValidationError("-o and --out-dir exclude each other.") }
    }

    func run() async throws {
        let sandbox = try LocalMedia.sandbox(try await Settings(options))
        let report = BatchReport(isJSON: json, isVerbose: verbose)
        let total = try await stoppable {
            let transcode = self
            let recipe = try await transcode.recipe(sandbox)
            let plan = try transcode.plan(recipe, report)
            try transcode.prepareFolder()
            let batch = TranscodeBatch(
                transcoder: transcode.transcoder(sandbox, recipe, masters: plan.masters), threads: transcode.threads,
                report: report)
            if !Task.isCancelled { await batch.run(plan.ordered(threads: transcode.threads)) }
            return report.end(isShown: plan.isBatch)
        }
        guard total.failed == 0 else {
            guard total.files > 1 else { throw CommandError.wasSaid }
            throw CommandError(.workFailed, "\(total.failed) of \(total.files) files were not transcoded")
        }
    }

    private var tags: TrackTags { TrackTags(title: title, artist: artist, album: album) }

    /// What all MP3s of this run depend on beside their masters.
    ///
    /// - Throws: `CommandError` for a cover that the MP3s would have to go without.
    private func recipe(_ sandbox: MediaSandbox) async throws -> Recipe {
        let profile = EncodingProfile.mp3At320
        var picture: ContentHash?
        if let cover = cover.map({ Operand($0).path }) {
            let file = try LocalMedia.openCover(cover)
            try await check(file.descriptor, cover, sandbox)
            picture = try await ContentHash(of: file.descriptor)
        }
        return Recipe(profile: profile.name, profileVersion: profile.version, tags: tags, cover: picture)
    }

    private func check(_ cover: FileDescriptor, _ name: FilePath, _ sandbox: MediaSandbox) async throws {
        let objection: String?
        do {
            let picture = try await sandbox.inspectImage(cover)
            objection = picture.objectionToTag(bytes: try FileEntry(of: cover).stamp.size)
        } catch let failure as MediaFailure where failure.isPermanent {
            objection = failure.message
        }
        guard let objection else { return }
        throw CommandError(
            .workFailed, "the cover \(name.shown) cannot go into the tag: \(objection); give another JPEG or PNG")
    }

    private func plan(_ recipe: Recipe, _ report: BatchReport) throws(CommandError) -> BatchPlan {
        let layout = BatchPlan.Layout(
            output: output.map { Operand($0).path }, outDir: outDir.map { Operand($0).path },
            recipe: noResume ? nil : recipe, isBatch: files.count > 1)
        var plan = BatchPlan(layout) { finding in
            switch finding {
            case .file: break
            case .leftOut(let path, let reason): report.leftOut(path, reason)
            case .unreadable(let folder, let error):
                report.failed(folder: folder, "the folder cannot be read: \(error)")
            }
        }
        for file in files where !Task.isCancelled { try plan.add(Operand(file)) }
        try plan.finish()
        report.planned(plan.jobs.count)
        return plan
    }

    private func prepareFolder() throws(CommandError) {
        guard let outDir = outDir.map({ Operand($0).path }), !Task.isCancelled else { return }
        try Folder.make(outDir)
        try Folder.checkWritable(outDir)
    }

    private func transcoder(_ sandbox: MediaSandbox, _ recipe: Recipe, masters: Set<FileID>) -> FileTranscoder {
        FileTranscoder(
            sandbox: sandbox, profile: .mp3At320, tags: tags, cover: cover.map { Operand($0).path },
            isForced: force, writesReports: self.report, masters: masters)
    }
}
