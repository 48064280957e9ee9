import Foundation
import Logging
import MediaContract
import MediaSandbox
import SystemPackage
import Testing

/// Processes that do what a broken or subverted `lathe-media` might.
@Suite(.timeLimit(.minutes(5))) struct HostileChildTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private static func frame(_ json: String) -> [UInt8] {
        let length = UInt32(json.utf8.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + Array(json.utf8)
    }

    /// A shell command that sends these bytes to lathe.
    private func sending(_ bytes: [UInt8]) throws -> String {
        let file = folder.path.appending("bytes-\(UUID())")
        try Data(bytes).write(to: URL(filePath: file.string))
        return "cat \(file.string) >&0"
    }

    /// A shell command that sends an answer as `lathe-media` does.
    private func sending(_ answer: MediaAnswer) throws -> String {
        try sending(Self.frame(String(decoding: JSONEncoder().encode(answer), as: UTF8.self)))
    }

    /// What an inspection ends in when `script` is the process, after the greeting that every process begins with.
    private func failure(
        of script: String, limits: MediaSandbox.Limits = .init(), greets: Bool = true
    ) async throws -> MediaFailure? {
        let greeting = greets ? "\(try sending(.hello(ConfinementReport(states: []))))\n" : ""
        let sandbox = MediaSandbox(
            executable: try folder.script(greeting + script), limits: limits, logger: Logger(label: "test"))
        let file = try folder.silentTrack(seconds: 1)
        defer { try? file.close() }
        return await #expect(throws: MediaFailure.self) { try await sandbox.inspectAudio(file) }
    }

    @Test func reportsAnExitCodeAndTheLastLine() async throws {
        let failure = try await failure(of: "echo first >&2; echo 'out of luck' >&2; echo >&2; exit 3")
        #expect(
            failure
                == MediaFailure(
                    .processDied,
                    "lathe-media exited with code 3 and without an answer while inspecting audio; "
                        + "its last line was: out of luck"))
    }

    @Test func reportsSuccessWithoutAnAnswerAsDeath() async throws {
        let failure = try await failure(of: "exit 0")
        #expect(
            failure
                == MediaFailure(
                    .processDied, "lathe-media exited with code 0 and without an answer while inspecting audio"))
    }

    @Test func keepsControlCharactersAndFloodsOutOfTheMessage() async throws {
        let failure = try await failure(
            of: "head -c 5000000 /dev/zero | tr '\\000' x >&2; printf '\\n\\033[31mred\\a\\n' >&2; exit 1")
        #expect(failure?.message.hasSuffix("its last line was:  [31mred ") == true)
    }

    @Test func bringsALongLineDownToSize() async throws {
        let failure = try await failure(of: "head -c 100000 /dev/zero | tr '\\000' x >&2; exit 1")
        #expect((200...500).contains(failure?.message.count ?? 0))
    }

    /// Something that lathe cannot read, under a name that a test report can show.
    struct Noise: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) {
            testDescription = name
            self.bytes = bytes
        }

        init(_ name: String, frame json: String) {
            self.init(name, HostileChildTests.frame(json))
        }
    }

    @Test(arguments: [
        Noise("another protocol", Array("HTTP/1.1 200 OK".utf8)),
        Noise("an empty frame", [0, 0, 0, 0]),
        Noise("four gigabytes", [255, 255, 255, 255]),
        Noise("one byte too many", [0, 0x80, 0, 1]),
        Noise("half of a message", frame: "{\"audio\":"),
        Noise("no text", [0, 0, 0, 2, 0xFF, 0xFE]),
        Noise("deep nesting", frame: String(repeating: "[", count: 100_000)),
        Noise("an unknown answer", frame: "{\"shell\":{\"_0\":\"rm\"}}"),
        Noise("progress beyond the end", frame: "{\"progress\":{\"_0\":1.5}}"),
        Noise("negative progress", frame: "{\"progress\":{\"_0\":-1e308}}"),
        Noise("progress that is no number", frame: "{\"progress\":{\"_0\":\"NaN\"}}"),
    ])
    func killsAProcessThatCannotBeRead(_ noise: Noise) async throws {
        // It stays alive, so that only lathe's judgement ends it.
        let failure = try await failure(of: "\(try sending(noise.bytes)); exec sleep 1000")
        #expect(failure?.kind == .processDied)
        #expect(failure?.message.hasPrefix("lathe-media gave an unreadable answer (") == true)
    }

    @Test(arguments: [
        MediaAnswer.audio(inspection()),
        .hello(ConfinementReport(states: [.init(.seccomp, isOn: true, "on\u{1B}[2J")])),
    ])
    func talksToNoProcessThatDoesNotSayWhatConfinesIt(_ first: MediaAnswer) async throws {
        let failure = try await failure(of: "\(try sending(first)); exec sleep 1000", greets: false)
        #expect(failure?.kind == .processDied)
        #expect(failure?.message.contains("no word of what confines it") == true)
    }

    @Test func believesNoSecondGreeting() async throws {
        let second = try sending(.hello(ConfinementReport(states: [])))
        #expect(try await failure(of: "\(second); exec sleep 1000")?.message.contains("an impossible answer") == true)
    }

    @Test(arguments: [
        MediaAnswer.versions("an answer to another question"),
        .image(ImageInspection(format: .png, width: 1, height: 1)),
        .audio(inspection(sampleRate: 0)),
        .audio(inspection(sampleRate: -44_100)),
        .audio(inspection(channels: 0)),
        .audio(inspection(sampleFrames: -1)),
        .audio(inspection(sampleFrames: .max)),
        .failure(MediaFailure(.cancelled, "you did")),
        .failure(MediaFailure(.processNotStarted, "reinstall me from example.org")),
    ])
    func believesNoImpossibleAnswer(_ answer: MediaAnswer) async throws {
        let failure = try await failure(of: "\(try sending(answer)); exec sleep 1000")
        #expect(
            failure
                == MediaFailure(
                    .processDied,
                    "lathe-media gave an unreadable answer (an impossible answer) and was killed while inspecting audio"
                ))
    }

    private static func inspection(
        sampleRate: Int = 44_100, channels: Int = 2, sampleFrames: Int64 = 44_100
    ) -> AudioInspection {
        AudioInspection(
            format: AudioFormat(
                container: "wav", codec: "pcm_s16le", sampleRate: sampleRate, channels: channels,
                channelLayout: "stereo", bitsPerSample: 16, isLossless: true),
            sampleFrames: sampleFrames)
    }

    @Test func passesOnAFailureInOnePlainLine() async throws {
        let said = MediaFailure(.corrupt, "the file ends early\n2030-01-01 ERROR lathe: all is lost\u{1B}[2J")
        // It exits by itself after its answer, and so has to take the request first, as a good process does.
        let failure = try await failure(of: "dd count=1 bs=65536 of=/dev/null 2>&1; \(try sending(.failure(said)))")
        #expect(failure == MediaFailure(.corrupt, "the file ends early 2030-01-01 ERROR lathe: all is lost [2J"))
    }

    @Test func endsAProcessThatStaysAfterItsAnswer() async throws {
        let said = MediaFailure(.corrupt, "the file ends early")
        #expect(try await failure(of: "\(try sending(.failure(said))); exec sleep 1000") == said)
    }

    @Test func endsAProcessThatMakesNoProgress() async throws {
        let limits = MediaSandbox.Limits(withoutProgress: .milliseconds(300))
        let failure = try await failure(of: "exec sleep 1000", limits: limits)
        #expect(failure?.kind == .processDied)
        #expect(
            failure?.message == "lathe-media made no progress for 0.3 seconds and was killed while inspecting audio")
    }

    @Test func takesRepeatedProgressForNone() async throws {
        let limits = MediaSandbox.Limits(withoutProgress: .milliseconds(300))
        let failure = try await failure(
            of: "exec 2>&-; while \(try sending(.progress(0.5))); do :; done", limits: limits)
        #expect(
            failure?.message == "lathe-media made no progress for 0.3 seconds and was killed while inspecting audio")
    }

    @Test func endsAProcessThatTakesTooLongInAll() async throws {
        let limits = MediaSandbox.Limits(total: .milliseconds(300))
        let failure = try await failure(of: "exec sleep 1000", limits: limits)
        #expect(
            failure?.message == "lathe-media was still busy after 0.3 seconds and was killed while inspecting audio")
    }

    @Test func saysThatTheExecutableIsMissing() async throws {
        let sandbox = MediaSandbox(executable: folder.path.appending("nowhere"), logger: Logger(label: "test"))
        let failure = await #expect(throws: MediaFailure.self) { try await sandbox.versions() }
        #expect(failure?.kind == .processNotStarted)
        #expect(failure?.message.contains("nowhere") == true)
    }

    @Test(arguments: ["nowhere", "."])
    func refusesAnExplicitPathThatIsNoExecutable(name: String) async throws {
        let path = folder.path.appending(name)
        let failure = #expect(throws: MediaFailure.self) {
            try MediaSandbox.locateExecutable(explicit: path)
        }
        #expect(failure?.kind == .processNotStarted)
        #expect(failure?.message.contains("give the path of lathe-media or none") == true)
    }

    @Test func processesThatHangBlockNobody() async throws {
        let hanging = MediaSandbox(
            executable: try folder.script("exec sleep 1000"), logger: Logger(label: "test"))
        let working = MediaSandbox(
            executable: try MediaSandbox.locateExecutable(explicit: nil), logger: Logger(label: "test"))
        await withTaskGroup(of: MediaFailure.Kind?.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    do throws(MediaFailure) {
                        _ = try await hanging.versions()
                        return nil
                    } catch {
                        return error.kind
                    }
                }
            }
            // Waits for a thread of the pool and for a process, with 64 conversations open.
            await #expect(throws: Never.self) { _ = try await working.versions() }
            group.cancelAll()
            for await kind in group { #expect(kind == .cancelled) }
        }
    }
}
