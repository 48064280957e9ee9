import Crypto

@testable import ObjectStorage

extension Result where Failure == ObjectStorageError {
    /// Catches what an operation throws; a fault of the test itself would be `unexpectedAnswer`.
    init(_ operation: () async throws -> Success) async {
        do {
            self = .success(try await operation())
        } catch {
            self = .failure(error as? ObjectStorageError ?? ObjectStorageError(.unexpectedAnswer, "\(error)"))
        }
    }

    var failure: ObjectStorageError? {
        if case .failure(let error) = self { error } else { nil }
    }
}

/// In lower-case hexadecimal.
func md5(_ content: [UInt8]) -> String {
    Hexadecimal.text(Insecure.MD5.hash(data: content))
}
