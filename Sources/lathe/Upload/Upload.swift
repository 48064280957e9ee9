import ArgumentParser
import Foundation
import ObjectStorage
import Pipeline
import SystemPackage

struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send files to the storage, without the database; what broke off is gone on with.",
        discussion: """
            A file goes under its name, a folder with all below it, hidden files left out. Without a slash at its end a \
            folder keeps its own name, as with cp -r and rsync. So music/b/song.wav becomes

              lathe upload music --to s3://bucket/masters     masters/music/b/song.wav
              lathe upload music/ --to s3://bucket/masters    masters/b/song.wav

            A file that the storage has, of the same size and not older than here, is not sent again. Large files go in \
            parts, several at once; started again after whatever ended it, an upload sends only the parts that the storage \
            lacks. How far each is, is kept in $XDG_STATE_HOME/lathe/uploads (~/.local/state by default) until it is done.

            What the storage has is compared with what was sent (by checksum, ETag or size, whatever it offers), and a file \
            that is written to meanwhile is an error. A bad file does not stop the others; the exit status is then 1.
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: "Files and folders.", completion: .file()) var files: [String]
    @Option(help: "Where to: s3://bucket[/prefix] or file:///dir; by default the storage that is set.")
    var to: String?
    @Option(help: "Content type of all of them.") var contentType = "application/octet-stream"
    @Option(help: "Cache-Control of all of them.") var cacheControl: String?
    @Flag(help: "Send every file, whatever the storage has.") var force = false
    @Flag(help: "Say what would be sent, and send nothing.") var dryRun = false
    @Flag(help: "Print JSON: an object a file, also for one that failed, and an object with the total at the end.")
    var json = false

    func run() async throws {
        let store = try await Settings(options).storage(at: to).makeStore()
        let report = UploadReport(isJSON: json)
        let plan = try UploadPlan(files.map { Operand($0) }, report: report)
        let batch = UploadBatch(
            store: store,
            attributes: ObjectAttributes(contentType: contentType, cacheControl: cacheControl), isForced: force,
            isDryRun: dryRun, report: report)
        let total = try await stoppable {
            try await batch.run(plan.files)
            return report.end()
        }
        guard total.failed == 0 else {
            guard total.files > 1 else { throw CommandError.wasSaid }
            throw CommandError(.workFailed, "\(total.failed) of \(total.files) files were not uploaded")
        }
    }
}
