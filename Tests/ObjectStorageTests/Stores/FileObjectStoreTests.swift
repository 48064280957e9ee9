import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// What only a directory can do wrong.
@Suite struct FileObjectStoreTests {
    @Test("A root that is not there, or is a file, is bucketMissing, and is not made")
    func missingRoot() async throws {
        let scratch = try TemporaryDirectory()
        try scratch.file("occupied").close()
        for name in ["absent", "occupied"] {
            let store = try FileObjectStore(root: scratch.path.appending(name), publicURL: nil)
            let failures = [
                await Result { try await store.checkAccess() }.failure,
                await Result { try await store.put([1], as: "k", in: scratch) }.failure,
                await Result { try await store.head("k") }.failure,
                await Result { try await store.list(prefix: "") }.failure,
                await Result { try await store.delete("k") }.failure,
            ]
            for failure in failures {
                #expect(failure?.kind == .bucketMissing)
                #expect(failure?.description.contains(scratch.path.appending(name).string) == true)
            }
        }
        #expect(unsafe access(scratch.path.appending("absent").string, F_OK) != 0)
    }

    @Test("A root nothing can be written to is said to be that", arguments: ["/proc/self", "/sys/kernel"])
    func unwritableRoot(root: String) async throws {
        let store = try FileObjectStore(root: FilePath(root), publicURL: nil)
        let scratch = try TemporaryDirectory()
        let error = await Result { try await store.put([1], as: "k", in: scratch) }.failure
        #expect(error?.kind == .accessDenied || error?.kind == .localIO)
        #expect(error?.description.contains(root) == true, "\(String(describing: error))")
    }

    @Test("A full disk is diskFull, and leaves no temporary file", .enabled(if: SmallDisk.isPossible))
    func diskFull() async throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let scratch = try TemporaryDirectory()
        let store = try FileObjectStore(root: disk.path, publicURL: nil)
        let error = await Result { try await store.put(noise(4 << 20), as: "large", in: scratch) }.failure
        #expect(error?.kind == .diskFull, "\(String(describing: error))")
        #expect(try await store.list(prefix: "").isEmpty)
        // All room is free again.
        _ = try await store.put(noise(900_000), as: "small", in: scratch)
    }

    @Test("A key and others below it cannot both be", arguments: [["a", "a/b"], ["a/b", "a"]])
    func conflict(keys: [String]) async throws {
        let root = try TemporaryDirectory()
        let scratch = try TemporaryDirectory()
        let store = try FileObjectStore(root: root.path, publicURL: nil)
        _ = try await store.put([1], as: keys[0], in: scratch)
        let error = await Result { try await store.put([2], as: keys[1], in: scratch) }.failure
        #expect(error?.kind == .rejected)
        #expect(try await store.content(of: keys[0], in: scratch) == [1])
        #expect(try await store.head(keys[1]) == nil)
        #expect(try await store.list(prefix: "").map(\.key) == [keys[0]])
    }

    @Test(
        "Keys that leave the directory or are no file names are refused",
        arguments: ["../k", "a/../../k", ".lathe-incoming/1", ".lathe-incoming", String(repeating: "x", count: 256)])
    func refusedKeys(key: String) async throws {
        let root = try TemporaryDirectory()
        let scratch = try TemporaryDirectory()
        let store = try FileObjectStore(root: root.path, publicURL: nil)
        #expect(await Result { try await store.put([1], as: key, in: scratch) }.failure?.kind == .invalidKey)
    }

    @Test("Public URLs are the files' own, or below the address given")
    func publicURLs() throws {
        let own = try FileObjectStore(root: "/srv/lathe files", publicURL: nil)
        #expect(own.publicURL(for: "a/ü") == "file:///srv/lathe%20files/a/%C3%BC")
        #expect(own.key(forPublicURL: "file:///srv/lathe%20files/a/%C3%BC") == "a/ü")
        #expect(own.key(forPublicURL: "file:///srv/lathe%20files/../x") == nil)
        let served = try FileObjectStore(root: "/srv/lathe", publicURL: "http://cdn.example:80/f/")
        #expect(served.publicURL(for: "a b") == "http://cdn.example/f/a%20b")
        #expect(served.key(forPublicURL: "http://cdn.example/f/a%20b") == "a b")
        #expect(served.key(forPublicURL: "file:///srv/lathe/a") == "a")
        #expect(throws: ObjectStorageError.self) { try FileObjectStore(root: "relative", publicURL: nil) }
        #expect(throws: ObjectStorageError.self) { try FileObjectStore(root: "/srv", publicURL: "cdn.example") }
    }

    @Test("Leftovers of puts that were killed are no objects, and go once they are a day old")
    func leftovers() async throws {
        let root = try TemporaryDirectory()
        let scratch = try TemporaryDirectory()
        let store = try FileObjectStore(root: root.path, publicURL: nil)
        _ = try await store.put([1], as: "k", in: scratch)
        let incoming = root.path.appending(FileObjectStore.incomingDirectory)
        for (name, age) in [("old", 90_000), ("young", 1000)] {
            let path = incoming.appending(name)
            try FileDescriptor.open(path, .writeOnly, options: .create, permissions: .ownerReadWrite).close()
            let then = timeval(tv_sec: time(nil) - age, tv_usec: 0)
            _ = unsafe utimes(path.string, [then, then])
        }
        try await store.checkAccess()
        #expect(unsafe access(incoming.appending("old").string, F_OK) != 0)
        #expect(unsafe access(incoming.appending("young").string, F_OK) == 0)
        #expect(try await store.list(prefix: "").map(\.key) == ["k"])
    }
}
