import Foundation

/// A 16-bit stereo WAV file: a second of a chirp, again and again, so that an hour is made as fast as it is written.
struct Tone {
    var rate = 44_100
    /// Samples per channel.
    var count: Int

    init(rate: Int = 44_100, count: Int) {
        self.rate = rate
        self.count = count
    }

    init(seconds: Int) {
        self.init(count: 44_100 * seconds)
    }

    /// Writes the file and gives its path.
    @discardableResult
    func write(to path: String) throws -> String {
        let size = count * 4
        var file = Data("RIFF".utf8) + little(UInt32(36 + size)) + Data("WAVEfmt ".utf8)
        file += little(UInt32(16)) + little(UInt16(1)) + little(UInt16(2)) + little(UInt32(rate))
        file += little(UInt32(rate * 4)) + little(UInt16(4)) + little(UInt16(16))
        file += Data("data".utf8) + little(UInt32(size))
        let second = second
        file.reserveCapacity(file.count + size)
        for _ in 0..<(size / second.count) { file += second }
        file += second.prefix(size % second.count)
        try file.write(to: URL(filePath: path))
        return path
    }

    private var second: Data {
        var data = Data(capacity: rate * 4)
        for index in 0..<rate {
            let time = Double(index) / Double(rate)
            for channel in 1...2 {
                let value = 0.5 * sin(2 * .pi * (220 * Double(channel) + 1500 * time) * time)
                data += little(UInt16(bitPattern: Int16(value * 32_767)))
            }
        }
        return data
    }

    private func little(_ value: some FixedWidthInteger) -> Data {
        Data((0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }
}
