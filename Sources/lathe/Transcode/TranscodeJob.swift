import SystemPackage

/// One file of a batch.
struct TranscodeJob: Sendable {
    let source: FilePath
    /// Bytes of the source when it was found; 0 where it was not.
    let size: Int64
    /// The MP3's path below the destination's folder.
    let output: FilePath
    let destination: Destination

    var target: FilePath { destination.folder.pushing(output) }
}

/// A folder that MP3s go to, and the record that is kept in it.
final class Destination: Sendable {
    let folder: FilePath
    /// nil where no record is looked at.
    let record: TranscodeRecord?
    /// Folders are made for the MP3s, where they are missing.
    let makesFolders: Bool

    init(folder: FilePath, record: TranscodeRecord?, makesFolders: Bool) {
        self.folder = folder
        self.makesFolders = makesFolders
        self.record = record
    }
}
