import Foundation
import Pipeline
import SystemPackage
import Testing

@testable import lathe

/// A file that gets its name when it is whole, on file systems with and without nameless files.
struct UnfinishedFileTests {
    private let folder: ScratchFolder
    private let target: FilePath

    init() throws {
        folder = try ScratchFolder()
        target = FilePath(folder.file("song.mp3"))
    }

    @Test(arguments: [true, false])
    func whatIsNotPublishedLeavesNothing(isNameless: Bool) throws {
        do {
            let file = try UnfinishedFile(for: target, isNameless: isNameless)
            _ = try file.file.descriptor.writeAll("half".utf8)
            #expect(folder.names.count == (isNameless ? 0 : 1))
            #expect(folder.names.allSatisfy { $0.hasPrefix(".") && $0.hasSuffix(".lathe-part") })
        }
        #expect(folder.names == [])
    }

    @Test(
        arguments: [true, false],
        [(nil, UnfinishedFile.Replacement.nothing, "whole"), ("mine", .nothing, "mine"), ("mine", .anything, "whole")])
    func aNameIsTakenOnlyWhereItMayBe(
        isNameless: Bool, row: (existing: String?, replacing: UnfinishedFile.Replacement, text: String)
    ) throws {
        if let existing = row.existing { try folder.write(existing, as: "song.mp3") }
        do {
            let file = try UnfinishedFile(for: target, isNameless: isNameless)
            _ = try file.file.descriptor.writeAll("whole".utf8)
            #expect(try file.publish(replacing: row.replacing) == (row.text == "whole"))
        }
        #expect(folder.names == ["song.mp3"])
        #expect(try folder.text("song.mp3") == row.text)
    }

    @Test(arguments: [true, false])
    func aFormerFileIsReplacedOnlyAsItWasSeen(isTouched: Bool) throws {
        try folder.write("former", as: "song.mp3")
        let stamp = try FileEntry(at: target, followsLinks: false).stamp
        if isTouched { try folder.write("edited by hand", as: "song.mp3") }
        let file = try UnfinishedFile(for: target)
        _ = try file.file.descriptor.writeAll("whole".utf8)
        #expect(try file.publish(replacing: .file(stamp)) == !isTouched)
        #expect(try folder.text("song.mp3") == (isTouched ? "edited by hand" : "whole"))
        #expect(folder.names == ["song.mp3"])
    }
}
