import Synchronization
import SystemPackage
import Testing

@testable import ObjectStorage

/// What every store promises, run against each of them.
@Suite struct ObjectStoreConformanceTests {
    static let oddKeys = [
        "track.wav", "audio/3f2a/track one.wav", "plus+equals=percent%25.mp3", "ünïcödé/日本語/🎧.flac",
        "quotes'\"()[]{}<>&;:@$,!*~^`|\\.bin", "a.b/..c/...", "upper/CASE/case",
        "combining/\u{301}accent/e\u{301}",
    ]

    @Test("What was put is got back byte for byte", arguments: StoreKind.allCases, [0, 1, 65_537, 5_000_001])
    func roundTrip(kind: StoreKind, size: Int) async throws {
        try await kind.withStore { store, scratch in
            let content = noise(size)
            let stored = try await store.put(content, as: "audio/track.wav", in: scratch)
            #expect(stored.bytes == Int64(size))
            #expect(stored.key == "audio/track.wav")
            let known = try #require(try await store.head("audio/track.wav"))
            #expect(known.bytes == Int64(size))
            #expect(known.lastModified != nil)
            #expect(try await store.content(of: "audio/track.wav", in: scratch) == content)
        }
    }

    @Test("Keys survive as they are", arguments: StoreKind.allCases, oddKeys)
    func keys(kind: StoreKind, key: String) async throws {
        try await kind.withStore { store, scratch in
            _ = try await store.put(Array(key.utf8), as: key, in: scratch)
            #expect(try await store.content(of: key, in: scratch) == Array(key.utf8))
            #expect(try await store.list(prefix: "").map(\.key) == [key])
            #expect(store.key(forPublicURL: store.publicURL(for: key)) == key)
            try await store.delete(key)
            #expect(try await store.head(key) == nil)
        }
    }

    @Test("Putting again replaces the object, longer or shorter", arguments: StoreKind.allCases)
    func replaces(kind: StoreKind) async throws {
        try await kind.withStore { store, scratch in
            for size in [1000, 3000, 10] {
                let content = noise(size, seed: UInt64(size))
                _ = try await store.put(content, as: "cover.jpg", in: scratch)
                #expect(try await store.content(of: "cover.jpg", in: scratch) == content)
            }
            #expect(try await store.list(prefix: "").count == 1)
        }
    }

    @Test("A get cuts a longer file to the object's length", arguments: StoreKind.allCases)
    func getCuts(kind: StoreKind) async throws {
        try await kind.withStore { store, scratch in
            _ = try await store.put([1, 2, 3], as: "short", in: scratch)
            let file = try scratch.file("longer", noise(100_000))
            defer { try? file.close() }
            #expect(try await store.get("short", into: file).bytes == 3)
            #expect(try file.content() == [1, 2, 3])
        }
    }

    @Test("What is not there is nil, notFound, and deleted with success", arguments: StoreKind.allCases)
    func absent(kind: StoreKind) async throws {
        try await kind.withStore { store, scratch in
            #expect(try await store.head("no/such") == nil)
            try await store.delete("no/such")
            let error = await #expect(throws: ObjectStorageError.self) {
                try await store.content(of: "no/such", in: scratch)
            }
            #expect(error?.kind == .notFound)
            #expect(error?.description.contains("no/such") == true)
        }
    }

    @Test("A listing is by plain prefix, complete and in byte order", arguments: StoreKind.allCases)
    func list(kind: StoreKind) async throws {
        try await kind.withStore { store, scratch in
            let keys = ["b", "a/2", "a/1", "a-1", "a/10", "ab/c/d", "é"]
            for key in keys { _ = try await store.put(Array(key.utf8), as: key, in: scratch) }
            #expect(try await store.list(prefix: "").map(\.key) == ["a-1", "a/1", "a/10", "a/2", "ab/c/d", "b", "é"])
            #expect(try await store.list(prefix: "a/").map(\.key) == ["a/1", "a/10", "a/2"])
            #expect(try await store.list(prefix: "a/1").map(\.bytes) == [3, 4])
            #expect(try await store.list(prefix: "ab/c/").map(\.key) == ["ab/c/d"])
            #expect(try await store.list(prefix: "nothing").isEmpty)
        }
    }

    @Test(
        "Keys that proxies and file systems rewrite are refused", arguments: StoreKind.allCases,
        [
            "", "../\u{301}a", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a\nb", "a\u{0}",
            String(repeating: "x", count: 1025),
        ])
    func invalidKeys(kind: StoreKind, key: String) async throws {
        try await kind.withStore { store, scratch in
            let put = await #expect(throws: ObjectStorageError.self) { try await store.put([1], as: key, in: scratch) }
            let head = await #expect(throws: ObjectStorageError.self) { try await store.head(key) }
            let delete = await #expect(throws: ObjectStorageError.self) { try await store.delete(key) }
            #expect(put?.kind == .invalidKey)
            #expect(head?.kind == .invalidKey)
            #expect(delete?.kind == .invalidKey)
        }
    }

    @Test("A file of another size than measured is sourceChanged and stores nothing", arguments: StoreKind.allCases)
    func sourceChanged(kind: StoreKind) async throws {
        try await kind.withStore { store, scratch in
            let file = try scratch.file("source", noise(5000))
            defer { try? file.close() }
            for length in [4999, 5001] as [Int64] {
                let error = await #expect(throws: ObjectStorageError.self) {
                    try await store.put(file, length: length, key: "k", attributes: .init(contentType: "audio/wav"))
                }
                #expect(error?.kind == .sourceChanged)
            }
            #expect(try await store.head("k") == nil)
        }
    }

    @Test("Progress ends at the length", arguments: StoreKind.allCases)
    func progress(kind: StoreKind) async throws {
        try await kind.withStore { store, scratch in
            let content = noise(3_000_000)
            let file = try scratch.file("source", content)
            defer { try? file.close() }
            let seen = Mutex<[Int64]>([])
            _ = try await store.put(
                file, length: 3_000_000, key: "k", attributes: .init(contentType: "audio/wav"),
                progress: { bytes in seen.withLock { $0.append(bytes) } })
            let values = seen.withLock(\.self)
            #expect(values.last == 3_000_000)
            #expect(values == values.sorted())
        }
    }

    @Test("A cancelled task ends with cancelled and stores nothing", arguments: StoreKind.allCases)
    func cancelled(kind: StoreKind) async throws {
        try await kind.withStore { store, scratch in
            let error = await errorOfCancelledPut(to: store, scratch)
            #expect(error?.kind == .cancelled)
            let stored = try await store.head("k")
            #expect(stored == nil)
        }
    }

    private func errorOfCancelledPut(
        to store: any ObjectStore, _ scratch: TemporaryDirectory
    ) async -> ObjectStorageError? {
        await withTaskGroup(of: ObjectStorageError?.self) { group in
            group.cancelAll()
            group.addTask {
                await #expect(throws: ObjectStorageError.self) { try await store.put([1], as: "k", in: scratch) }
            }
            return await group.next() ?? nil
        }
    }

    @Test("A store that is there passes the access check, and names itself", arguments: StoreKind.allCases)
    func access(kind: StoreKind) async throws {
        try await kind.withStore { store, _ in
            try await store.checkAccess()
            #expect(store.name.contains("://"))
        }
    }

    @Test("Header values that could end the field early are rejected", arguments: StoreKind.allCases)
    func headerInjection(kind: StoreKind) async throws {
        try await kind.withStore { store, scratch in
            let file = try scratch.file("source", [1])
            defer { try? file.close() }
            let error = await #expect(throws: ObjectStorageError.self) {
                try await store.put(
                    file, length: 1, key: "k", attributes: .init(contentType: "audio/wav\r\nx-amz-acl: public-read"))
            }
            #expect(error?.kind == .rejected)
        }
    }
}
