// Array input and output syntax: PostgreSQL documentation, section 8.15.6.

extension Array: PostgresEncodable where Element: PostgresEncodable & PostgresArrayElement {
    package static var postgresType: PostgresType {
        PostgresType(oid: Element.postgresType.arrayOID, arrayOID: 0)
    }

    /// Elements are quoted unless their type is plain, so that no content can be mistaken for syntax.
    package func postgresText() throws(PostgresError) -> String? {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for (index, element) in enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            guard let value = try element.postgresText() else {
                bytes += "NULL".utf8
                continue
            }
            guard !Element.isPlainInArrays else {
                bytes += value.utf8
                continue
            }
            bytes.append(UInt8(ascii: "\""))
            for byte in value.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable & PostgresArrayElement {
    package init?(postgresText: String) {
        guard let fields = ArrayLiteral.fields(of: postgresText) else { return nil }
        var elements: [Element] = []
        elements.reserveCapacity(fields.count)
        for field in fields {
            guard let element = field.map(Element.init(postgresText:)) ?? Element.postgresNull else { return nil }
            elements.append(element)
        }
        self = elements
    }
}

/// Splits the text of a one-dimensional array into its elements.
private enum ArrayLiteral {
    /// The elements, nil for NULL; nil altogether where the text is no one-dimensional array.
    static func fields(of text: String) -> [String?]? {
        guard text.hasPrefix("{"), text.hasSuffix("}"), text.utf8.count >= 2 else { return nil }
        var rest = text.unicodeScalars.dropFirst().dropLast()
        guard !rest.isEmpty else { return [] }
        var fields: [String?] = []
        while true {
            guard let field = nextField(&rest) else { return nil }
            fields.append(field)
            guard let separator = rest.popFirst() else { return fields }
            guard separator == "," else { return nil }
        }
    }

    private static func nextField(_ rest: inout Substring.UnicodeScalarView) -> String?? {
        guard rest.first == "\"" else {
            let field = String(rest.prefix { $0 != "," })
            guard !field.isEmpty, !field.contains("{") else { return nil }
            rest = rest.dropFirst(field.unicodeScalars.count)
            return .some(field == "NULL" ? nil : field)
        }
        rest.removeFirst()
        var field = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == "\"" { return String(field) }
            if scalar == "\\" {
                guard let escaped = rest.popFirst() else { return nil }
                field.append(escaped)
            } else {
                field.append(scalar)
            }
        }
        return nil
    }
}
