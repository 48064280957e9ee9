import Audio
import MediaContract
import MediaSandbox
import SystemPackage

/// Answers one request. A process serves no second one: what a broken file did to it must not meet another artist's.
struct RequestHandler {
    let channel: Channel

    /// Returns at once where lathe closes the conversation without asking for anything.
    func run() throws(ChannelError) {
        guard let (request, descriptors) = try channel.receiveRequest() else { return }
        let answer = answer(to: request, descriptors)
        for descriptor in descriptors { try? descriptor.close() }
        try channel.send(answer)
    }

    private func answer(to request: MediaRequest, _ files: [FileDescriptor]) -> MediaAnswer {
        do throws(MediaFailure) {
            switch request {
            case .inspectAudio:
                var reporter = ProgressReporter(channel: channel)
                return .audio(try AudioInspector.inspect(files[0], progress: { reporter.report($0) }))
            case .analyzeAudio:
                var reporter = ProgressReporter(channel: channel)
                let result = try AudioInspector.analyze(files[0], progress: { reporter.report($0) })
                return .analyzed(result.inspection, result.analysis)
            case .inspectImage: return .image(try ImageInspector.inspect(files[0]))
            case .transcode(let profile, let tags, let hasCover, let threads, let analyzes):
                var reporter = ProgressReporter(channel: channel)
                return .transcoded(
                    try Transcoder.transcode(
                        input: files[0], output: files[1], profile: profile, tags: tags,
                        cover: hasCover ? files[2] : nil, threads: threads, analyzes: analyzes,
                        progress: { reporter.report($0) },
                        // Hanging up ends the process (`exitWhenHungUp`), so there is nothing to ask here.
                        isCancelled: { false }))
            case .versions: return .versions(AudioLibrary.versions)
            }
        } catch {
            return .failure(error)
        }
    }
}
