/// One element of an XML document as S3 writes them: names without prefixes, text and child elements.
///
/// A strict reader of the small part of XML 1.0 that S3's answers use. Attributes are skipped; a document type
/// declaration, an unknown entity, a tag that is not closed, more than ``maximumDepth`` levels are all refused: nothing
/// a store sends can make this reader allocate more than a small multiple of what was sent.
struct XMLNode: Sendable, Hashable {
    var name: String
    /// The text between the tags, entities replaced, without that of children.
    var text = ""
    var children: [XMLNode] = []

    static let maximumDepth = 16

    /// The first child of that name.
    subscript(name: String) -> XMLNode? {
        children.first { $0.name == name }
    }

    /// nil when the bytes are not one well-formed document.
    init?(parsing bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var parser = Parser(rest: text[...])
        guard let root = parser.document() else { return nil }
        self = root
    }

    fileprivate init(name: String) {
        self.name = name
    }
}

extension XMLNode {
    /// Reads from the front of `rest`; nil means the document is not well-formed.
    private struct Parser {
        var rest: Substring

        mutating func document() -> XMLNode? {
            if rest.hasPrefix("\u{FEFF}") { rest.removeFirst() }
            guard skipMiscellany(), let root = element(depth: 1), skipMiscellany(), rest.isEmpty else { return nil }
            return root
        }

        /// White space, comments and processing instructions (the XML declaration is written like one).
        private mutating func skipMiscellany() -> Bool {
            while true {
                rest = rest.drop(while: \.isWhitespace)
                if rest.hasPrefix("<?") {
                    guard take(through: "?>") != nil else { return false }
                } else if rest.hasPrefix("<!--") {
                    guard take(through: "-->") != nil else { return false }
                } else {
                    return true
                }
            }
        }

        private mutating func element(depth: Int) -> XMLNode? {
            guard depth <= XMLNode.maximumDepth, rest.hasPrefix("<"), let tag = take(through: ">")?.dropFirst(),
                let qualified = tag.split(whereSeparator: { $0.isWhitespace || $0 == "/" }).first,
                qualified.first.map({ $0.isLetter || $0 == "_" }) == true
            else { return nil }
            var node = XMLNode(name: localName(qualified))
            if tag.hasSuffix("/") { return node }
            while let next = rest.first {
                if next != "<" {
                    let end = rest.firstIndex(of: "<") ?? rest.endIndex
                    guard let text = replacingEntities(rest[..<end]) else { return nil }
                    node.text += text
                    rest = rest[end...]
                } else if rest.hasPrefix("</") {
                    guard let closing = take(through: ">")?.dropFirst(2) else { return nil }
                    return closing.filter({ !$0.isWhitespace }) == qualified ? node : nil
                } else if rest.hasPrefix("<![CDATA[") {
                    guard let data = take(through: "]]>") else { return nil }
                    node.text += data.dropFirst("<![CDATA[".count)
                } else if rest.hasPrefix("<!--") {
                    guard take(through: "-->") != nil else { return nil }
                } else {
                    guard let child = element(depth: depth + 1) else { return nil }
                    node.children.append(child)
                }
            }
            return nil
        }

        /// Takes everything up to and including the mark, and returns it without the mark.
        private mutating func take(through mark: String) -> Substring? {
            guard let range = rest.firstRange(of: mark) else { return nil }
            defer { rest = rest[range.upperBound...] }
            return rest[..<range.lowerBound]
        }

        private func localName(_ qualified: Substring) -> String {
            String(qualified.split(separator: ":").last ?? qualified)
        }

        /// XML 1.0, sections 4.1 and 4.6.
        private func replacingEntities(_ text: Substring) -> String? {
            guard text.contains("&") else { return String(text) }
            var result = ""
            var rest = text
            while let ampersand = rest.firstIndex(of: "&") {
                result += rest[..<ampersand]
                guard let end = rest[ampersand...].prefix(12).firstIndex(of: ";"),
                    let character = character(of: rest[rest.index(after: ampersand)..<end])
                else { return nil }
                result.unicodeScalars.append(character)
                rest = rest[rest.index(after: end)...]
            }
            return result + rest
        }

        private func character(of entity: Substring) -> Unicode.Scalar? {
            switch entity {
            case "amp": "&"
            case "lt": "<"
            case "gt": ">"
            case "quot": "\""
            case "apos": "'"
            default: number(in: entity).flatMap(Unicode.Scalar.init)
            }
        }

        private func number(in entity: Substring) -> UInt32? {
            if entity.hasPrefix("#x") { return UInt32(entity.dropFirst(2), radix: 16) }
            return entity.hasPrefix("#") ? UInt32(entity.dropFirst()) : nil
        }
    }
}
