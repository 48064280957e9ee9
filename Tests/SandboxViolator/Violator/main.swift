import CViolations
import Confinement
import Glibc
import MediaContract

// sandbox-violator VIOLATION LAYER,… LIMIT…: takes on the layers, commits the violation, and exits with the error it
// met, 0 if it met none. With "report" it says on standard error which layers this kernel has.

let arguments = CommandLine.arguments
guard arguments.count > 3, let limits = ResourceLimits(arguments: arguments.dropFirst(3)) else { exit(200) }
let layers = arguments[2].split(separator: ",").compactMap { ConfinementReport.Layer(rawValue: String($0)) }
let report = Confinement.apply(limits, layers: Set(layers))
if arguments[1] == "report" {
    let text = "\(report.active)\n"
    _ = unsafe text.utf8CString.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
    _exit(0)
}
_exit(unsafe violate(arguments[1]))
