/// What the catalogue knows about a track, written into the rendition's ID3v2.3 tag. An absent field is left out of
/// the tag; no field is ever taken from the master's own tags.
package struct TrackTags: Sendable, Hashable, Codable {
    package var title: String?
    package var artist: String?
    /// The release's title.
    package var album: String?
    /// Position on the release, from 1.
    package var trackNumber: Int?
    /// Number of tracks on the release.
    package var trackCount: Int?
    /// International Standard Recording Code (ISO 3901), written as TSRC.
    package var isrc: String?
    package var genre: String?

    package init(
        title: String? = nil, artist: String? = nil, album: String? = nil, trackNumber: Int? = nil,
        trackCount: Int? = nil, isrc: String? = nil, genre: String? = nil
    ) {
        self.title = title
        self.artist = artist
        self.album = album
        self.trackNumber = trackNumber
        self.trackCount = trackCount
        self.isrc = isrc
        self.genre = genre
    }
}
