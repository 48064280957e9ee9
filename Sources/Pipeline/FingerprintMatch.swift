/// How two Chromaprint fingerprints agree, at the shift at which most of their numbers meet.
struct FingerprintMatch: Sendable, Hashable {
    /// Share of the bits that agree where the two overlap, 0…1; of unrelated audio about one half.
    let agreement: Double
    /// Seconds by which the second recording begins later than the first.
    let shift: Double

    /// Seconds between two numbers (Chromaprint's hop of 1,365 samples at 11,025 Hz).
    static let interval = 1365.0 / 11_025
    /// From here on two tracks are taken for the same recording. Encoding it again, even at 64 kbit/s, leaves more than
    /// nine of ten bits; another take of the song shares fewer than seven.
    static let threshold = 0.85
    /// The least overlap that says anything: 10 s, or all of a shorter track.
    private static let leastOverlap = 80
    /// Bits of a number that must be the same for it to vote for a shift.
    private static let votingMask: UInt32 = 0xFFFF_C000

    /// Nil when no number of one occurs in the other, or too little overlaps.
    init?(_ left: [UInt32], _ right: [UInt32]) {
        var positions: [UInt32: [Int]] = [:]
        for (index, item) in left.enumerated() { positions[item & Self.votingMask, default: []].append(index) }
        var votes: [Int: Int] = [:]
        for (index, item) in right.enumerated() {
            // A number that is everywhere, such as silence's, says nothing of the shift.
            guard let places = positions[item & Self.votingMask], places.count <= Self.mostPlaces else { continue }
            for place in places { votes[index - place, default: 0] += 1 }
        }
        let most = votes.max { ($0.value, -abs($0.key)) < ($1.value, -abs($1.key)) }
        guard let shift = most?.key else { return nil }
        let start = max(0, -shift)
        let end = min(left.count, right.count - shift)
        guard end - start >= min(Self.leastOverlap, left.count, right.count), end > start else { return nil }
        let different = (start..<end).reduce(0) { $0 + (left[$1] ^ right[$1 + shift]).nonzeroBitCount }
        agreement = 1 - Double(different) / Double((end - start) * UInt32.bitWidth)
        self.shift = Double(shift) * Self.interval
    }

    private static let mostPlaces = 20

    /// The numbers by which others are looked for: distinct, without the bits that differ first between encodings.
    static func terms(of items: [UInt32]) -> [Int32] {
        Set(items.map { Int32(bitPattern: $0 & 0xFFFF_FFF0) }).sorted()
    }
}
