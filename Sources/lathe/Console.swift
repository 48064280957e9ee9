import Foundation
import Synchronization
import SystemPackage

/// The one place that writes to the terminal: results on stdout, errors and progress on stderr.
enum Console {
    private static let progressIsShown = Mutex(false)
    private static let failure = Mutex<Errno?>(nil)

    /// stderr is a terminal, so that a line may be drawn over and over.
    static var isInteractive: Bool { isatty(FileDescriptor.standardError.rawValue) == 1 }

    static func line(_ text: String = "") {
        clearProgress()
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        write(lines.map { String($0).withoutControlCharacters + "\n" }.joined(), to: .standardOutput)
    }

    static func error(_ message: String) {
        clearProgress()
        write("lathe: \(message.withoutControlCharacters)\n", to: .standardError)
    }

    /// A file of several that failed: a line on stderr, and its object among those of the others.
    static func failed(_ file: String, _ message: String, asJSON: Bool) throws {
        error("\(file): \(message)")
        if asJSON { try json(["file": file, "error": message]) }
    }

    /// One line of JSON, keys sorted.
    static func json(_ value: some Encodable) throws {
        line(String(decoding: try jsonBytes(value), as: UTF8.self).withControlCharactersEscaped)
    }

    /// The same without the line's end.
    static func jsonBytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return [UInt8](try encoder.encode(value))
    }

    /// Draws a bar over itself; nothing where stderr is not a terminal.
    static func progress(_ label: String, _ fraction: Double) {
        guard isInteractive else { return }
        let width = 30
        let filled = Int((min(max(fraction, 0), 1) * Double(width)).rounded())
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        progressIsShown.withLock { $0 = true }
        // Without wrapping at the margin: a line that wraps could not be drawn over.
        let line = "\(bar) \(Int(fraction * 100)) %  \(label.withoutControlCharacters)"
        write("\r\u{1B}[K\u{1B}[?7l\(line)\u{1B}[?7h", to: .standardError)
    }

    static func clearProgress() {
        let shown = progressIsShown.withLock { shown in
            defer { shown = false }
            return shown
        }
        if shown { write("\r\u{1B}[K", to: .standardError) }
    }

    /// Columns as wide as their widest cell; the last one runs free.
    static func table(_ header: [String], _ rows: [[String]]) {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = row.map(\.withoutControlCharacters).enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }
            line(cells.joined(separator: "  "))
        }
    }

    /// Why results could not be written, if they could not: the command has then failed, whatever else it did. A closed
    /// pipe (`lathe jobs list | head`) is no error of ours.
    static var outputFailure: Errno? { failure.withLock { $0 } }

    private static func write(_ text: String, to file: FileDescriptor) {
        do {
            try file.writeAll(Array(text.utf8))
        } catch {
            guard file == .standardOutput, let error = error as? Errno, error != .brokenPipe else { return }
            failure.withLock { $0 = $0 ?? error }
        }
    }
}

extension String {
    /// Titles and paths come from artists: none of them may move a terminal's cursor or begin a log line of its own.
    var withoutControlCharacters: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }
}

extension String {
    /// The same JSON: its encoder escapes the control characters of ASCII alone.
    fileprivate var withControlCharactersEscaped: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            guard scalar.properties.generalCategory == .control else { return text.unicodeScalars.append(scalar) }
            // All lie below U+00A0.
            text += "\\u00\(String(scalar.value, radix: 16))"
        }
    }
}

/// Numbers for people.
enum Readable {
    /// 1 job, 2 jobs.
    static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// 1:02:03, or 3:25.
    static func time(seconds: Int) -> String {
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let rest = twoDigits(seconds % 60)
        return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(rest)" : "\(minutes):\(rest)"
    }

    static func bytes(_ count: Int64) -> String {
        count.formatted(.byteCount(style: .decimal))
    }

    static func seconds(_ seconds: Double) -> String {
        "\(seconds.formatted(.number.precision(.fractionLength(1)))) s"
    }

    /// Decibels of any kind with one decimal; "-" where there is none.
    static func level(_ value: Double?) -> String {
        value.map { $0.formatted(.number.precision(.fractionLength(1)).locale(Locale(identifier: "en_US_POSIX"))) }
            ?? "-"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
