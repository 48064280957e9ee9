import Testing

@testable import ObjectStorage

/// How files are cut into parts.
@Suite struct PartPlanTests {
    private static let mebibyte: Int64 = 1 << 20

    @Test(
        "Every byte is in one part, all parts but the last are equal, and no provider's limits are passed",
        arguments: S3Provider.allCases,
        [1, (5 << 20) + 1, 33_554_433, 1_000_000_007, 20_000_000_000, 4 << 40] as [Int64])
    func parts(provider: S3Provider, bytes: Int64) throws {
        let plan = try PartPlan(fileBytes: bytes, preferring: 16 * Self.mebibyte, provider: provider, key: "k")
        #expect((1...provider.maximumParts).contains(plan.count))
        #expect(plan.partBytes >= provider.minimumPartBytes && plan.partBytes <= PartPlan.maximumPartBytes)
        #expect(plan.partBytes % Self.mebibyte == 0)
        var next: Int64 = 0
        for part in 1...plan.count {
            let range = plan.range(of: part)
            #expect(range.lowerBound == next && !range.isEmpty)
            #expect(part == plan.count ? range.count <= plan.partBytes : range.count == Int(plan.partBytes))
            next = range.upperBound
        }
        #expect(next == bytes)
    }

    @Test(
        "A file that no parts can hold is refused, not cut",
        arguments: [(S3Provider.scaleway, 1000), (.aws, 10_000)] as [(S3Provider, Int64)])
    func tooLarge(provider: S3Provider, parts: Int64) throws {
        let most = parts * PartPlan.maximumPartBytes
        #expect(throws: Never.self) {
            try PartPlan(fileBytes: most, preferring: 1, provider: provider, key: "k")
        }
        let error = #expect(throws: ObjectStorageError.self) {
            try PartPlan(fileBytes: most + 1, preferring: 1, provider: provider, key: "k")
        }
        #expect(error?.kind == .rejected)
    }
}
