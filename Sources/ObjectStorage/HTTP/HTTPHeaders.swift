/// HTTP header fields in their order. Describes and reflects itself without the values that authenticate.
struct HTTPHeaders: Sendable {
    private(set) var fields: [(name: String, value: String)] = []

    init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    mutating func append(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    /// The value of the first field of that name, whatever its case.
    subscript(name: String) -> String? {
        let name = name.lowercased()
        return fields.first { $0.name.lowercased() == name }?.value
    }
}

extension HTTPHeaders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private static let secretNames: Set<String> = ["authorization", "x-amz-security-token", "cookie", "set-cookie"]

    var description: String {
        fields.map { field in
            "\(field.name): \(Self.secretNames.contains(field.name.lowercased()) ? "redacted" : field.value)"
        }.joined(separator: "\n")
    }

    var debugDescription: String { description }

    var customMirror: Mirror { Mirror(self, children: ["fields": description]) }
}
