import MediaContract

/// The report on a terminal: one screen a file, figures aligned.
extension TrackReport {
    package var textLines: [String] {
        var lines = [file, "  \(formatLine), \(Figure.grouped(inspection.sampleFrames)) samples", ""]
        lines += figureLines
        if !analysis.loudness.shortTerm.isEmpty { lines += ["", "  \(loudnessLine(width: 60))  short-term loudness"] }
        lines.append("")
        lines += findings.isEmpty ? ["  nothing found"] : findings.flatMap(\.textLines)
        return lines + ["", "  file     sha256 \(sha256)", "  samples  sha256 \(analysis.samplesSHA256)"]
    }

    /// Two figures a line.
    private var figureLines: [String] {
        let channels = analysis.channels.prefix(8).enumerated().map { index, levels in
            let name = WaveformChart.channelName(index, of: inspection.format)
            return (
                name: name.isEmpty ? "Channel" : "Channel \(name)",
                value: "\(Self.text(levels.truePeak, "dBTP", Figure.signed)), rms \(Self.text(levels.rms, "dBFS"))"
                    + ", DC \(Figure.percent(levels.dcOffset))"
            )
        }
        let cells = figures
        let nameWidth = (cells + channels).map(\.name.count).max() ?? 0
        let valueWidth = cells.map(\.value.count).max() ?? 0
        func cell(_ figure: (name: String, value: String)) -> String {
            padded(figure.name, nameWidth) + "  " + figure.value
        }
        let half = (cells.count + 1) / 2
        let pairs = (0..<half).map { row in
            let left = "  " + padded(cell(cells[row]), nameWidth + 2 + valueWidth)
            return row + half < cells.count ? left + "    " + cell(cells[row + half]) : trimmed(left)
        }
        return pairs + channels.map { "  " + cell($0) }
    }

    /// Loudness as bars of eighths from −36 LUFS to the greatest there is.
    private func loudnessLine(width: Int) -> String {
        let series = analysis.loudness.shortTerm
        let top = max(-6, Double(series.max() ?? -6))
        let bars = Array("▁▂▃▄▅▆▇█")
        let count = min(width, series.count)
        return String(
            (0..<count).map { column in
                let stretch =
                    column * series.count
                    / count..<max(column * series.count / count + 1, (column + 1) * series.count / count)
                let level = Double(series[stretch].max() ?? -70)
                let share = (level + 36) / (top + 36)
                return share <= 0 ? " " : bars[min(bars.count - 1, Int(share * Double(bars.count)))]
            })
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func trimmed(_ text: String) -> String {
        String(text.reversed().drop { $0 == " " }.reversed())
    }
}

extension Finding {
    /// Severity, code and sentence, then the measurement with places, then the sources.
    fileprivate var textLines: [String] {
        let mark = severity == .block ? "BLOCK" : severity == .warn ? "WARN " : "note "
        let detail = [comparison, places(atMost: 4)].compactMap(\.self).joined(separator: ", ")
        return ["  \(mark)  \(code.rawValue): \(message)"]
            + (detail.isEmpty ? [] : ["         \(detail)"]) + sources.prefix(1).map { "         \($0.line)" }
    }
}
