import Foundation
import MediaContract
import SystemPackage

/// All that an MP3 depends on beside its master.
struct Recipe: Sendable, Hashable, Codable {
    let profile: String
    let profileVersion: Int
    let tags: TrackTags
    /// Of the picture that was given, whether or not it could be used.
    let cover: ContentHash?

    private enum CodingKeys: String, CodingKey {
        case profile
        case profileVersion = "profile_version"
        case tags
        case cover = "cover_xxh128"
    }
}

/// One line of a record: an MP3 that was made, or the hash of a file as it stood.
///
/// A line names nothing twice and depends on no other, so that lines of several runs may mix, and a torn one costs
/// only itself.
enum RecordLine: Sendable {
    case made(MadeMP3)
    case known(KnownFile)
}

/// An MP3 and what it was made of.
struct MadeMP3: Sendable, Codable {
    /// Below the record's folder.
    let output: StoredPath
    let outputHash: ContentHash
    /// Bytes.
    let outputSize: Int64
    let sourceHash: ContentHash
    /// Bytes.
    let sourceSize: Int64
    /// Of the audio.
    let seconds: Double
    /// Versions of the libraries that encoded.
    let encoder: String
    let recipe: Recipe

    private enum CodingKeys: String, CodingKey {
        case output
        case outputHash = "output_xxh128"
        case outputSize = "output_bytes"
        case sourceHash = "source_xxh128"
        case sourceSize = "source_bytes"
        case seconds, encoder, recipe
    }
}

/// A file's hash, good for as long as it keeps its stamp.
struct KnownFile: Sendable, Codable {
    let stamp: FileStamp
    let hash: ContentHash

    private enum CodingKeys: String, CodingKey {
        case stamp
        case hash = "xxh128"
    }
}

extension RecordLine: Codable {
    private enum CodingKeys: String, CodingKey {
        case made, known
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let made = try container.decodeIfPresent(MadeMP3.self, forKey: .made) {
            self = .made(made)
        } else {
            self = .known(try container.decode(KnownFile.self, forKey: .known))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .made(let made): try container.encode(made, forKey: .made)
        case .known(let file): try container.encode(file, forKey: .known)
        }
    }
}

/// A relative path in JSON: a string, or `{"base64": …}` where its bytes are no UTF-8.
struct StoredPath: Sendable, Codable {
    let path: FilePath

    private struct Bytes: Codable {
        let base64: Data
    }

    init(_ path: FilePath) {
        self.path = path
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            path = FilePath(text)
        } else {
            let bytes = try container.decode(Bytes.self).base64
            path = unsafe (bytes + [0]).withUnsafeBytes { bytes in
                let start = unsafe bytes.assumingMemoryBound(to: CChar.self).baseAddress
                return unsafe start.map { unsafe FilePath(platformString: $0) } ?? FilePath()
            }
        }
        // A line that was tampered with must not lead out of the folder.
        guard path.isRelative, !path.isEmpty, path.components.allSatisfy({ $0.kind == .regular }) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no path below the folder")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if path.string.unicodeScalars.contains("\u{FFFD}") {
            let bytes = unsafe path.withPlatformString { unsafe Data(bytes: $0, count: strlen($0)) }
            try container.encode(Bytes(base64: bytes))
        } else {
            try container.encode(path.string)
        }
    }
}
