/// How a track was encoded on several threads, and what the seams between their frames took. Each seam was proven: from
/// there on both encoders wrote the same.
package struct Parallelism: Sendable, Hashable, Codable {
    /// Threads that encoded.
    package var threads: Int
    /// Places where one encoder's frames go over into another's.
    package var seams = 0
    /// Seams that took longer than usual to be proven.
    package var extensions = 0
    /// Segments for which no seam was found: the encoder before them encoded on through them.
    package var serialFallbacks = 0
    /// MP3 frames encoded for the sake of seams, beside those of the file.
    package var framesEncodedTwice = 0

    package init(threads: Int) {
        self.threads = threads
    }
}
