import MediaContract

/// The catalogue's fields as ID3v2.3 text frames.
enum ID3Text {
    /// Frame identifiers with their text; absent and blank fields are left out.
    static func fields(of tags: TrackTags) -> [(id: String, text: String)] {
        let fields: [(id: String, text: String?)] = [
            ("TIT2", tags.title), ("TPE1", tags.artist), ("TALB", tags.album), ("TRCK", position(of: tags)),
            ("TSRC", tags.isrc), ("TCON", tags.genre.map(escapedGenre)),
        ]
        return fields.compactMap { id, text in
            let text = oneLine(text ?? "")
            return text.isEmpty ? nil : (id, text)
        }
    }

    /// Under which name libavformat's demuxer gives the text of a frame; nil where it gives another text.
    static func demuxerKey(of id: String) -> String? {
        switch id {
        case "TIT2": "title"
        case "TPE1": "artist"
        case "TALB": "album"
        case "TRCK": "track"
        // Numbers of ID3v1's list, such as that in "80s", are read as its names.
        case "TCON": nil
        default: id
        }
    }

    /// "3/12" (ID3v2.3 §4.2.1, TRCK).
    private static func position(of tags: TrackTags) -> String? {
        guard let number = tags.trackNumber else { return nil }
        guard let count = tags.trackCount else { return "\(number)" }
        return "\(number)/\(count)"
    }

    /// A parenthesis at the start of a genre would be read as a reference to ID3v1's list; it is written twice
    /// (ID3v2.3 §4.2.1, TCON).
    private static func escapedGenre(_ genre: String) -> String {
        genre.hasPrefix("(") ? "(" + genre : genre
    }

    /// Line breaks and other control characters have no place in a text frame, and a NUL would end it.
    private static func oneLine(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        let line = String(String.UnicodeScalarView(scalars))
        return line.split(separator: " ", omittingEmptySubsequences: false).joined(separator: " ")
            .trimmed
    }
}

extension String {
    /// Without spaces at either end.
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
