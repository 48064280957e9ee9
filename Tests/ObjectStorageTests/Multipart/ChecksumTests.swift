import Testing

@testable import ObjectStorage

/// Checksums against what others say they are.
@Suite struct ChecksumTests {
    /// RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRCs.
    @Test(
        "CRC32C of the standard's examples",
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C),
            (Array("123456789".utf8), 0xE306_9283), ([], 0),
        ] as [([UInt8], UInt32)])
    func standard(bytes: [UInt8], value: UInt32) {
        for split in 0...bytes.count {
            var crc = CRC32C()
            for piece in [bytes[..<split], bytes[split...]] { unsafe piece.withUnsafeBytes { unsafe crc.update($0) } }
            #expect(crc.value == value)
        }
    }

    @Test("As S3 writes it, and read back")
    func base64() {
        var crc = CRC32C()
        unsafe Array("123456789".utf8).withUnsafeBytes { unsafe crc.update($0) }
        #expect(crc.base64 == "4waSgw==")
        #expect(CRC32C(base64: crc.base64) == crc)
        #expect(CRC32C(base64: "AAAA") == nil && CRC32C(base64: "!") == nil)
    }
}
