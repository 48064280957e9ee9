import SystemPackage

/// Which MP3s a batch makes of which files. Nothing is made while it is planned.
struct BatchPlan {
    private(set) var jobs: [TranscodeJob] = []
    /// All files that are to be read.
    private(set) var masters: Set<FileID> = []

    /// How the MP3s are named and where they go.
    struct Layout: Sendable {
        /// The one MP3 to write.
        var output: FilePath?
        /// The folder that MP3s go to, in the tree of their masters; nil for beside them.
        var outDir: FilePath?
        /// nil where no record is looked at.
        var recipe: Recipe?
        /// Records are begun also beside masters.
        var isBatch: Bool
    }

    /// More than a single file was named.
    private(set) var isBatch: Bool
    private let layout: Layout
    private let report: (FolderWalk.Finding) -> Void
    private let outDirID: FileID?
    private var destinations: [FilePath: Destination] = [:]
    /// Which job makes what.
    private var makers: [FilePath: Int] = [:]
    /// Files named that are in the place of their own MP3s.
    private var ownMP3s: [FilePath] = []
    private var realFolders: [FilePath: FilePath] = [:]

    /// - Parameter report: told what is left out of folders, and which folders cannot be read.
    init(_ layout: Layout, report: @escaping (FolderWalk.Finding) -> Void) {
        self.layout = layout
        isBatch = layout.isBatch
        self.report = report
        outDirID = layout.outDir.flatMap { try? FileEntry(at: $0, followsLinks: true).stamp.id }
    }

    /// Adds a file, which is always tried, or the audio files below a folder.
    /// - Throws: `CommandError` where an MP3 would take the place of its master or of another MP3.
    mutating func add(_ operand: Operand) throws(CommandError) {
        let entry = try? FileEntry(at: operand.path, followsLinks: true)
        guard let entry, entry.kind == .folder else {
            return try addFile(operand.path, entry?.stamp)
        }
        guard layout.output == nil else {
            throw CommandError(.usage, "-o names one MP3, and \(operand.path.shown) is a folder: use --out-dir")
        }
        isBatch = true
        try addFolder(operand)
    }

    private mutating func addFile(_ source: FilePath, _ stamp: FileStamp?) throws(CommandError) {
        guard let name = source.lastComponent, name.kind == .regular else {
            throw CommandError(.usage, "\"\(source.shown)\" is not a file name")
        }
        let target = layout.output ?? (layout.outDir ?? source.removingLastComponent()).appending(name).asMP3
        guard let output = target.lastComponent, output.kind == .regular else {
            throw CommandError(.usage, "\"\(target.shown)\" is not a file name")
        }
        guard place(of: target) != place(of: source) else {
            // A shell's `*` names MP3s beside their masters, and before them.
            guard !layout.isBatch else { return ownMP3s.append(source) }
            throw Self.replacesItself(source)
        }
        let isBegun = layout.outDir != nil || (layout.output == nil && layout.isBatch)
        let folder = destination(target.removingLastComponent(), isBegun: isBegun)
        try add(
            TranscodeJob(
                source: source, size: stamp?.size ?? 0, output: FilePath(root: nil, components: output),
                destination: folder), stamp
        )
    }

    /// Ends the plan.
    /// - Throws: `CommandError` where an MP3 was named that would take its own place, and that no other file becomes.
    mutating func finish() throws(CommandError) {
        for source in ownMP3s {
            guard makers[place(of: source)] != nil else { throw Self.replacesItself(source) }
            report(.leftOut(source, "an MP3 already"))
        }
    }

    private static func replacesItself(_ source: FilePath) -> CommandError {
        CommandError(.usage, "\(source.shown) would be replaced by its own MP3: name another file or --out-dir")
    }

    private mutating func addFolder(_ operand: Operand) throws(CommandError) {
        let root = operand.path
        let destination = destination(layout.outDir ?? root, isBegun: true)
        // As `cp -r` and rsync do: a folder goes along with what is in it, unless only that was named.
        let keepsName = layout.outDir != nil && !operand.meansContents
        let top = keepsName ? root.lastComponent.map { FilePath(root: nil, components: $0) } ?? FilePath() : FilePath()
        var found: [(path: FilePath, stamp: FileStamp)] = []
        let report = report
        withoutActuallyEscaping({ (finding: FolderWalk.Finding) in
            if case .file(let path, let stamp) = finding { found.append((path, stamp)) } else { report(finding) }
        }) { collect in
            var walk = FolderWalk(root, excluding: outDirID, report: collect)
            walk.run()
        }
        for (path, stamp) in found {
            let job = TranscodeJob(
                source: path, size: stamp.size, output: top.pushing(path.below(root).asMP3), destination: destination)
            guard place(of: job.target) != place(of: path) else {
                report(.leftOut(path, "an MP3 already"))
                continue
            }
            try add(job, stamp)
        }
    }

    private mutating func add(_ job: TranscodeJob, _ stamp: FileStamp?) throws(CommandError) {
        if let other = makers[place(of: job.target)].map({ jobs[$0] }) {
            guard place(of: other.source) != place(of: job.source) else {
                return report(.leftOut(job.source, "named before"))
            }
            throw CommandError(
                .usage,
                "\(other.source.shown) and \(job.source.shown) would both become \(job.target.shown): "
                    + "use another --out-dir")
        }
        makers[place(of: job.target)] = jobs.count
        jobs.append(job)
        if let stamp { masters.insert(stamp.id) }
    }

    private mutating func destination(_ folder: FilePath, isBegun: Bool) -> Destination {
        if let known = destinations[folder] { return known }
        let record = layout.recipe.map { recipe in
            TranscodeRecord(in: folder.isEmpty ? "." : folder, recipe: recipe, isBegun: isBegun)
        }
        let new = Destination(folder: folder, record: record, makesFolders: layout.outDir != nil)
        destinations[folder] = new
        return new
    }

    /// The same for all the ways to write one path, through `.`, `..` and linked folders.
    private mutating func place(of path: FilePath) -> FilePath {
        let folder = path.removingLastComponent()
        let real = realFolders[folder] ?? Folder.realPath(folder)
        realFolders[folder] = real
        return path.lastComponent.map { real.appending($0) } ?? real
    }
}

extension BatchPlan {
    /// The jobs in the order they are best started in.
    ///
    /// A file that is long beside the whole must not be left running alone at the end, so such files come first, the
    /// longest before the others. All others keep the order in which they were found, which is easier to read.
    func ordered(threads: Int) -> [TranscodeJob] {
        let total = jobs.reduce(0) { $0 + $1.size }
        let limit = total / Int64(16 * threads)
        let long = jobs.indices.filter { jobs[$0].size > limit }
            .sorted { (jobs[$1].size, $0) < (jobs[$0].size, $1) }
        return long.map { jobs[$0] } + jobs.filter { $0.size <= limit }
    }
}

extension FilePath {
    /// With .mp3 in place of the extension; the other bytes stay as they are.
    fileprivate var asMP3: FilePath {
        var path = self
        path.extension = "mp3"
        return path
    }
}
