/// Which layers hold a `lathe-media` process, as it found out when it took them on. No layer leans on another: where
/// one is missing the rest still holds.
package struct ConfinementReport: Sendable, Hashable, Codable {
    /// What stands between a broken decoder and the machine.
    package enum Layer: String, Sendable, Hashable, Codable, CaseIterable {
        /// setrlimit(2): memory, processor time, size of files, number of descriptors, core dumps.
        case resourceLimits = "resource limits"
        /// prctl(2) PR_SET_NO_NEW_PRIVS: no program it could run would gain anything by it.
        case noNewPrivileges = "no new privileges"
        /// prctl(2) PR_SET_DUMPABLE 0: no other process of its user can read its memory.
        case notDumpable = "not dumpable"
        /// No path, no TCP, no signals to others.
        case landlock = "Landlock"
        /// A list of system calls, all others forbidden.
        case seccomp
    }

    /// Whether a layer is there.
    package struct State: Sendable, Hashable, Codable {
        package var layer: Layer
        package var isOn: Bool
        /// What it is made of here, or why it is missing; possibly empty.
        package var detail: String

        package init(_ layer: Layer, isOn: Bool, _ detail: String = "") {
            self.layer = layer
            self.isOn = isOn
            self.detail = detail
        }
    }

    package var states: [State]

    package init(states: [State]) {
        self.states = states
    }

    package func isOn(_ layer: Layer) -> Bool { states.contains { $0.layer == layer && $0.isOn } }

    /// "resource limits, Landlock (ABI 7)": the layers that are on.
    package var active: String { list { $0.isOn } }

    /// The layers that are not, each with its reason; empty where all are.
    package var missing: String { list { !$0.isOn } }

    private func list(_ isListed: (State) -> Bool) -> String {
        states.filter(isListed).map { $0.detail.isEmpty ? $0.layer.rawValue : "\($0.layer.rawValue) (\($0.detail))" }
            .joined(separator: ", ")
    }
}
