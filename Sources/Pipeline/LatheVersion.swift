/// This release of Lathe, as the workers' rows, logs and `lathe --version` say it.
package enum LatheVersion {
    package static let current = "0.1.0"
}
