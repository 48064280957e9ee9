/// Something about a track that whoever reviews it should know.
package struct Finding: Sendable, Hashable, Codable {
    /// How much it matters.
    package enum Severity: String, Sendable, Hashable, Codable {
        /// Not fit for release.
        case block
        /// Probably a mistake; a reviewer should listen.
        case warn
        /// Worth knowing.
        case note
    }

    package var severity: Severity
    /// Stable and for programs: "true-peak", "clipping".
    package var code: String
    /// One sentence with the figures, without a trailing period.
    package var message: String
    /// Seconds from the start where it happens; empty where it is everywhere.
    package var timestamps: [Double]
    /// The limit that was crossed, in the unit the message names; nil where there is none.
    package var threshold: Double?
    /// The document the limit comes from, or "house rule".
    package var source: String

    package init(
        _ severity: Severity, _ code: String, _ message: String, timestamps: [Double] = [], threshold: Double? = nil,
        source: String
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.timestamps = timestamps
        self.threshold = threshold
        self.source = source
    }
}
