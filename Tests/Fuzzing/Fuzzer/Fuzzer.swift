import Audio
import CConfinement
import MediaContract
import SystemPackage

/// libFuzzer's entry, in a build of `scripts/fuzz coverage`: what lathe-media does with a file, in this process.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let (input, output, cover) = (memoryFile(), memoryFile(), memoryFile())
    defer { for file in [input, output, cover] { try? file.close() } }
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
    guard (try? unsafe input.writeAll(toAbsoluteOffset: 0, bytes)) == count,
        (try? unsafe cover.writeAll(toAbsoluteOffset: 0, bytes)) == count
    else { return -1 }
    _ = try? ImageInspector.inspect(cover)
    let inspection = try? AudioInspector.inspect(input)
    let report = try? Transcoder.transcode(
        input: input, output: output, profile: .mp3At320, tags: TrackTags(title: "Fuzz"), cover: nil,
        threads: 1 + count % 2, analyzes: true, progress: { _ in }, isCancelled: { false })
    if let report { precondition(report.source == inspection) }
    return 0
}

private func memoryFile() -> FileDescriptor {
    FileDescriptor(rawValue: confinement_memory_file())
}
