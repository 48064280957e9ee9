import Foundation
import Glibc
import Logging
import MediaContract
import MediaSandbox
import SystemPackage
import Testing

/// What must hold for a whole process, each in a process of its own: other tests open descriptors and start children
/// at the same time.
@Suite(.timeLimit(.minutes(5))) struct ProcessHygieneTests {
    @Test func leavesNeitherDescriptorsNorZombies() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let executables = [
                try MediaSandbox.locateExecutable(explicit: nil), try folder.script("exit 3"),
                try folder.script("printf garbage >&0; exec sleep 1000"), folder.path.appending("nowhere"),
            ]
            let limits = MediaSandbox.Limits(withoutProgress: .seconds(60))
            let master = try folder.silentTrack(seconds: 1)
            @Sendable func request(_ index: Int) async {
                let sandbox = MediaSandbox(
                    executable: executables[index % 4], limits: limits, logger: Logger(label: "test"))
                let task = Task { try await sandbox.inspectAudio(master) }
                // Some are cancelled wherever they happen to be.
                if index % 10 == 0 { task.cancel() }
                _ = await task.result
            }
            // The first use of a library opens what it keeps.
            for index in 0..<12 { await request(index) }
            let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            await withTaskGroup { group in
                for worker in 0..<8 {
                    group.addTask { for index in stride(from: worker, to: 200, by: 8) { await request(index) } }
                }
            }
            let after = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            #expect(after == before)
            #expect(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD)
        }
    }

    /// The lock belongs to the open file that parent and child share, so it falls when both have gone. A child that
    /// had worked on to its end would have written the whole rendition by then.
    @Test func theProcessDiesWithItsParent() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path.string
        let seconds = 1200
        try folder.silentTrack(seconds: seconds).close()
        let output = try folder.output()
        defer { try? output.close() }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let master = try FileDescriptor.open(FilePath(path).appending("master.wav"), .readOnly)
            let output = try FileDescriptor.open(FilePath(path).appending("rendition.mp3"), .readWrite)
            #expect(flock(output.rawValue, LOCK_EX) == 0)
            let sandbox = MediaSandbox(
                executable: try MediaSandbox.locateExecutable(explicit: nil), logger: Logger(label: "test"))
            _ = try await sandbox.transcode(
                master, to: output, profile: .mp3At320, tags: TrackTags(), cover: nil
            ) { _ in kill(getpid(), SIGKILL) }
        }
        #expect(flock(output.rawValue, LOCK_EX) == 0)
        let bytesInAll = Int64(seconds * 320_000 / 8)
        #expect(try output.seek(offset: 0, from: .end) < bytesInAll / 2)
    }
}
