import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// The stores the conformance suite runs over.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case directory
    case juicefs
    case rclone
    case moto

    var testDescription: String { rawValue }

    /// Runs a test with an empty store of its own: a directory, or a prefix in the bucket the tests share.
    func withStore(_ test: (any ObjectStore, TemporaryDirectory) async throws -> Void) async throws {
        let scratch = try TemporaryDirectory()
        switch self {
        case .directory:
            let root = try TemporaryDirectory()
            try await test(FileObjectStore(root: root.path, publicURL: nil), scratch)
        case .juicefs: try await test(SharedBucket.store(on: .juicefs), scratch)
        case .rclone: try await test(SharedBucket.store(on: .rclone), scratch)
        case .moto: try await test(SharedBucket.store(on: .moto), scratch)
        }
    }
}
