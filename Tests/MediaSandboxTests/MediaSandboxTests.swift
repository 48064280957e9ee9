import Glibc
import Logging
import MediaContract
import MediaSandbox
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// Requests to the `lathe-media` that was built with these tests.
@Suite(.timeLimit(.minutes(5))) struct MediaSandboxTests {
    let folder: TemporaryFolder
    let sandbox: MediaSandbox
    private let log = LogRecorder()

    init() async throws {
        folder = try TemporaryFolder()
        sandbox = MediaSandbox(executable: try MediaSandbox.locateExecutable(explicit: nil), logger: log.logger)
    }

    /// Transcodes so long a track that it cannot end before `atWork` has met the process that does it.
    private func transcode(
        seconds: Int, in other: MediaSandbox? = nil, atWork: @escaping @Sendable (RunningChild) -> Void
    ) async throws -> Result<TranscodeReport, MediaFailure> {
        let input = try folder.silentTrack(seconds: seconds)
        let output = try folder.output()
        let met = Mutex(false)
        let result: Result<TranscodeReport, MediaFailure>
        do throws(MediaFailure) {
            let report = try await (other ?? sandbox).transcode(
                input, to: output, profile: .mp3At320, tags: TrackTags(title: "Silence"), cover: nil
            ) { [log] _ in
                let isFirst = met.withLock { met in
                    defer { met = true }
                    return !met
                }
                guard isFirst else { return }
                guard let child = log.children.last else {
                    Issue.record("nobody said which process it is")
                    return
                }
                atWork(child)
            }
            result = .success(report)
        } catch {
            result = .failure(error)
        }
        try input.close()
        try output.close()
        #expect(met.withLock { $0 })
        return result
    }

    @Test func inspectsAWaveFile() async throws {
        let file = try folder.silentTrack(seconds: 2)
        defer { try? file.close() }
        let inspection = try await sandbox.inspectAudio(file)
        #expect(inspection.format.container == "wav")
        #expect(inspection.format.codec == "pcm_s16le")
        #expect(inspection.format.sampleRate == 44_100)
        #expect(inspection.format.channels == 2)
        #expect(inspection.sampleFrames == 88_200)
    }

    @Test func transcodesAndReportsRisingProgress() async throws {
        let input = try folder.silentTrack(seconds: 10)
        let output = try folder.output()
        defer { for file in [input, output] { try? file.close() } }
        let seen = Mutex<[Double]>([])
        let report = try await sandbox.transcode(
            input, to: output, profile: .mp3At320, tags: TrackTags(title: "Silence", trackNumber: 1), cover: nil
        ) { fraction in seen.withLock { $0.append(fraction) } }
        #expect(report.sampleFrames == 10 * 44_100)
        #expect(report.profile == .mp3At320)
        #expect(report.bytes == (try output.seek(offset: 0, from: .end)))
        let fractions = seen.withLock { $0 }
        #expect(!fractions.isEmpty)
        #expect(fractions == fractions.sorted())
        #expect(fractions.allSatisfy { (0...1).contains($0) })
    }

    @Test func passesOnWhatIsWrongWithAFile() async throws {
        let text = try folder.output(name: "notes.txt")
        defer { try? text.close() }
        try text.writeAll("these are no samples, however long one listens to them".utf8)
        try text.seek(offset: 0, from: .start)
        let failure = await #expect(throws: MediaFailure.self) { try await sandbox.inspectAudio(text) }
        #expect(failure?.isPermanent == true)
    }

    @Test func tellsItsLibraries() async throws {
        #expect(try await !sandbox.versions().isEmpty)
    }

    @Test(arguments: [(SIGKILL, "SIGKILL"), (SIGSEGV, "SIGSEGV"), (SIGABRT, "SIGABRT")])
    func namesTheSignalThatKilledTheProcess(signal: CInt, name: String) async throws {
        let result = try await transcode(seconds: 1200) { $0.signal(signal) }
        #expect(throws: MediaFailure.self) { try result.get() }
        guard case .failure(let failure) = result else { return }
        #expect(failure.kind == .processDied)
        #expect(failure.message.hasPrefix("lathe-media was killed by \(name)"))
        #expect(failure.message.contains("while transcoding"))
    }

    /// What a service manager sends to every process of a service that it stops, and a terminal to every process
    /// of a command.
    @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
    func finishesTheJobWhenOnlyAskedToStop(signal: CInt) async throws {
        let report = try await transcode(seconds: 10) { $0.signal(signal) }.get()
        #expect(report.sampleFrames == 10 * 44_100)
    }

    @Test func cancellingKillsTheProcessAndWaitsForIt() async throws {
        let (children, found) = AsyncStream.makeStream(of: RunningChild.self)
        let task = Task { try await transcode(seconds: 1200) { found.yield($0) } }
        var child: RunningChild?
        for await first in children {
            child = first
            break
        }
        task.cancel()
        let result = try await task.value
        #expect(throws: MediaFailure(.cancelled, "cancelled while transcoding")) { try result.get() }
        #expect(child?.isReaped == true)
    }

    @Test func startsNothingForACancelledTask() async throws {
        // A process that would say so: the file that it makes must not exist.
        let witness = folder.path.appending("started")
        let marking = MediaSandbox(
            executable: try folder.script("touch \(witness.string)"), logger: Logger(label: "test"))
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await marking.versions()
        }
        await #expect(throws: MediaFailure(.cancelled, "cancelled while telling its versions")) {
            try await task.value
        }
        #expect(throws: Errno.noSuchFileOrDirectory) { try FileDescriptor.open(witness, .readOnly) }
    }

    @Test(.enabled(if: RunningChild.isOpenToUs, "only root sees the files of a process that is not dumpable"))
    func keepsEnvironmentAndOpenFilesFromTheProcess() async throws {
        let secret = folder.path.appending("secret")
        // Not close-on-exec, as a careless library would leave it.
        let leaky = try FileDescriptor.open(
            secret, .readWrite, options: .create, permissions: .ownerReadWrite)
        defer { try? leaky.close() }
        let folder = folder.path.string
        _ = try await transcode(seconds: 1200) { child in
            #expect(child.environment?.isEmpty == true)
            let files = child.openFiles
            #expect(!files.contains(secret.string))
            #expect(files.filter { $0.hasPrefix(folder) }.count == 2)
            #expect(files.filter { $0.hasPrefix("socket:") }.count == 1)
            // Standard output goes nowhere, standard error to lathe.
            #expect(files.filter { $0 == "/dev/null" }.count == 1)
            #expect(files.filter { $0.hasPrefix("pipe:") }.count == 1)
            #expect(files.count == 5)
            child.signal(SIGKILL)
        }
    }

    @Test func confinesTheProcess() async throws {
        let resources = ResourceLimits(
            addressSpace: 3 << 30, processorSeconds: 1234, fileSize: 123_456_789, openFiles: 12)
        let confined = MediaSandbox(
            executable: try MediaSandbox.locateExecutable(explicit: nil),
            limits: MediaSandbox.Limits(resources: resources), logger: log.logger)
        let offersSeccomp = try await Violator.kernelOffers("seccomp")
        _ = try await transcode(seconds: 1200, in: confined) { child in
            #expect(child.status("NoNewPrivs") == "1")
            if offersSeccomp { #expect(child.status("Seccomp") == "2") }
            #expect(child.limit("Max address space") == "3221225472")
            #expect(child.limit("Max cpu time") == "1234")
            #expect(child.limit("Max file size") == "123456789")
            #expect(child.limit("Max open files") == "12")
            #expect(child.limit("Max core file size") == "0")
            child.signal(SIGKILL)
        }
    }

    @Test func saysOnceWhatConfinesTheProcess() async throws {
        try await sandbox.reportConfinement()
        let words = try #require(log.metadata(of: "lathe-media is confined")["layers"])
        #expect(words.contains("resource limits") && words.contains("no new privileges"))
        #expect(words.contains("not dumpable"))
    }

    @Test func servesManyRequestsSideBySide() async throws {
        try await withThrowingTaskGroup(of: Int64.self) { group in
            for index in 0..<32 {
                group.addTask {
                    let input = try folder.silentTrack(seconds: 1 + index % 3, name: "\(index).wav")
                    let output = try folder.output(name: "\(index).mp3")
                    defer { for file in [input, output] { try? file.close() } }
                    let report = try await sandbox.transcode(
                        input, to: output, profile: .mp3At320, tags: TrackTags(), cover: nil)
                    return report.sampleFrames - Int64((1 + index % 3) * 44_100)
                }
            }
            for try await difference in group { #expect(difference == 0) }
        }
    }

    @Test(arguments: [[], ["--version"]])
    func refusesToBeRunByHand(arguments: [String]) async throws {
        let result = try await Subprocess.run(
            .path(try MediaSandbox.locateExecutable(explicit: nil)), arguments: Arguments(arguments),
            input: .none, output: .discarded, error: .string(limit: 1000))
        #expect(result.terminationStatus == .exited(64))
        #expect(result.standardError == "lathe-media is started by lathe; run `lathe transcode` instead\n")
    }
}
