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
        var parser = Parser(rest: text.unicodeScalars[...])
        guard let root = parser.document() else { return nil }
        self = root
    }

    fileprivate init(name: String) {
        self.name = name
    }
}

extension XMLNode {
    /// Reads from the front of `rest`; nil means the document is not well-formed. Scalars, not characters: a tag's end
    /// and a combining accent after it would be one character.
    private struct Parser {
        var rest: Substring.UnicodeScalarView

        mutating func document() -> XMLNode? {
            if begins(with: "\u{FEFF}") { rest.removeFirst() }
            guard skipMiscellany(), let root = element(depth: 1), skipMiscellany(), rest.isEmpty else { return nil }
            return root
        }

        /// White space, comments and processing instructions (the XML declaration is written like one).
        private mutating func skipMiscellany() -> Bool {
            while true {
                rest = rest.drop(while: \.properties.isWhitespace)
                if begins(with: "<?") {
                    guard take(through: "?>") != nil else { return false }
                } else if begins(with: "<!--") {
                    guard take(through: "-->") != nil else { return false }
                } else {
                    return true
                }
            }
        }

        private mutating func element(depth: Int) -> XMLNode? {
            guard depth <= XMLNode.maximumDepth, begins(with: "<"), let tag = take(through: ">")?.dropFirst(),
                let qualified = tag.split(whereSeparator: { $0.properties.isWhitespace || $0 == "/" }).first,
                tag.first == qualified.first, qualified.first.map({ $0.properties.isAlphabetic || $0 == "_" }) == true
            else { return nil }
            var node = XMLNode(name: String(qualified.split(separator: ":").last ?? qualified))
            if tag.last == "/" { return node }
            while let next = rest.first {
                if next != "<" {
                    guard let text = replacingEntities(takeText()) else { return nil }
                    node.text += text
                } else if begins(with: "</") {
                    guard let closing = take(through: ">")?.dropFirst(2) else { return nil }
                    return closing.filter({ !$0.properties.isWhitespace }).elementsEqual(qualified) ? node : nil
                } else if begins(with: "<![CDATA[") {
                    guard let data = take(through: "]]>") else { return nil }
                    node.text += String(data.dropFirst("<![CDATA[".unicodeScalars.count))
                } else if begins(with: "<!--") {
                    guard take(through: "-->") != nil else { return nil }
                } else {
                    guard let child = element(depth: depth + 1) else { return nil }
                    node.children.append(child)
                }
            }
            return nil
        }

        private func begins(with mark: String) -> Bool { rest.starts(with: mark.unicodeScalars) }

        /// Takes everything up to and including the mark, and returns it without the mark.
        private mutating func take(through mark: String) -> Substring.UnicodeScalarView? {
            guard let range = rest.firstRange(of: mark.unicodeScalars) else { return nil }
            defer { rest = rest[range.upperBound...] }
            return rest[..<range.lowerBound]
        }

        private mutating func takeText() -> Substring.UnicodeScalarView {
            let end = rest.firstIndex(of: "<") ?? rest.endIndex
            defer { rest = rest[end...] }
            return rest[..<end]
        }

        /// XML 1.0, sections 4.1 and 4.6.
        private func replacingEntities(_ text: Substring.UnicodeScalarView) -> String? {
            var result = String.UnicodeScalarView()
            var rest = text
            while let ampersand = rest.firstIndex(of: "&") {
                result += rest[..<ampersand]
                guard let end = rest[ampersand...].prefix(12).firstIndex(of: ";"),
                    let scalar = character(of: Substring(rest[rest.index(after: ampersand)..<end]))
                else { return nil }
                result.append(scalar)
                rest = rest[rest.index(after: end)...]
            }
            return String(result + rest)
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
