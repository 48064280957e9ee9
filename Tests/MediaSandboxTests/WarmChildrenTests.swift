import Foundation
import Glibc
import Logging
import MediaContract
import MediaSandbox
import SystemPackage
import Testing

/// Processes that are started ahead of need.
@Suite(.timeLimit(.minutes(5))) struct WarmChildrenTests {
    /// A folder, and a program that writes its process id and a line into `started` before it becomes `lathe-media`.
    private struct Bench: Sendable {
        let folder: TemporaryFolder
        let sandbox: MediaSandbox

        init(_ script: String? = nil) throws {
            folder = try TemporaryFolder()
            let media = try MediaSandbox.locateExecutable(explicit: nil)
            let program = try folder.script(
                "echo $$ >>\(folder.path.string)/started; \(script ?? "exec \(media.string) \"$@\"")")
            sandbox = MediaSandbox(executable: program, logger: Logger(label: "test"))
        }

        /// Every process that was started, in order.
        var started: [pid_t] {
            let text = try? String(contentsOfFile: folder.path.appending("started").string, encoding: .utf8)
            return (text ?? "").split(separator: "\n").compactMap { pid_t($0) }
        }

        /// Waits until so many were started; the suite's time limit ends a wait for what does not come.
        func started(_ count: Int) async throws -> [pid_t] {
            while started.count < count { try await Task.sleep(for: .milliseconds(5)) }
            return started
        }

        func inspect() async throws -> Int64 {
            let file = try folder.silentTrack(seconds: 1, name: "\(UUID()).wav")
            defer { try? file.close() }
            return try await sandbox.inspectAudio(file).sampleFrames
        }

        /// While so many are kept waiting.
        func keeping<Value: Sendable>(
            _ count: Int, _ body: @escaping @Sendable () async throws -> Value
        ) async throws -> Value {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await sandbox.keepWarm(count) }
                let value = try await body()
                group.cancelAll()
                return value
            }
        }
    }

    private static func isGone(_ process: pid_t) -> Bool { kill(process, 0) == -1 && errno == ESRCH }

    @Test func waitBeforeTheyAreNeededAndServeOneRequestEach() async throws {
        let bench = try Bench()
        try await bench.keeping(2) {
            _ = try await bench.started(2)
            for request in 1...5 {
                let frames = try await bench.inspect()
                #expect(frames == 44_100)
                // Another was started in the place of each that served, and none served twice.
                let started = try await bench.started(2 + request)
                #expect(started.count == 2 + request)
            }
            #expect(bench.started.filter { !Self.isGone($0) }.count == 2)
        }
        #expect(bench.started.allSatisfy(Self.isGone))
    }

    @Test func moreRequestsThanWaitingProcessesAreServedAllTheSame() async throws {
        let bench = try Bench()
        try await bench.keeping(2) {
            try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<12 { group.addTask { try await bench.inspect() } }
                for try await frames in group { #expect(frames == 44_100) }
            }
        }
        #expect(bench.started.allSatisfy(Self.isGone))
    }

    @Test func oneThatDiedWhileItWaitedFailsNoRequest() async throws {
        let bench = try Bench()
        try await bench.keeping(1) {
            let first = try await bench.started(1)[0]
            kill(first, SIGKILL)
            let frames = try await bench.inspect()
            #expect(frames == 44_100)
        }
        #expect(bench.started.allSatisfy(Self.isGone))
    }

    @Test func aCrashHarmsNoOtherRequest() async throws {
        let bench = try Bench("exit 3")
        try await bench.keeping(3) {
            await withTaskGroup { group in
                for _ in 0..<6 {
                    group.addTask {
                        let failure = await #expect(throws: MediaFailure.self) { try await bench.inspect() }
                        #expect(failure?.kind == .processDied)
                        #expect(failure?.message.contains("exited with code 3") == true)
                    }
                }
            }
        }
    }

    @Test func cancellingARequestKillsItsProcessAlone() async throws {
        let bench = try Bench()
        try await bench.keeping(2) {
            let waiting = try await bench.started(2)
            let master = try bench.folder.silentTrack(seconds: 1200)
            let output = try bench.folder.output()
            let (starts, started) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                try await bench.sandbox.transcode(
                    master, to: output, profile: .mp3At320, tags: TrackTags(), cover: nil
                ) { _ in started.yield() }
            }
            for await _ in starts { break }
            task.cancel()
            await #expect(throws: MediaFailure(.cancelled, "cancelled while transcoding")) { try await task.value }
            #expect(waiting.filter(Self.isGone).count == 1)
            let frames = try await bench.inspect()
            #expect(frames == 44_100)
        }
    }

    /// What `lathe work` does at its end: the keeper is told to stop while a job still runs.
    @Test func endingTheKeeperLetsARunningRequestFinish() async throws {
        let bench = try Bench()
        let keeper = Task { await bench.sandbox.keepWarm(1) }
        _ = try await bench.started(1)
        let master = try bench.folder.silentTrack(seconds: 10)
        let output = try bench.folder.output()
        let report = try await bench.sandbox.transcode(
            master, to: output, profile: .mp3At320, tags: TrackTags(), cover: nil
        ) { _ in keeper.cancel() }
        #expect(report.sampleFrames == 10 * 44_100)
        await keeper.value
        #expect(bench.started.allSatisfy(Self.isGone))
    }
}
