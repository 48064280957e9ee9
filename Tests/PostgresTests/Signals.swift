import Glibc

/// What tests send to the processes of their own servers.
enum ProcessSignal {
    case stop
    case resume
    case kill

    fileprivate var number: Int32 {
        switch self {
        case .stop: SIGSTOP
        case .resume: SIGCONT
        case .kill: SIGKILL
        }
    }
}

/// False where there is no such process.
@discardableResult
func send(_ signal: ProcessSignal, to process: Int32) -> Bool { process > 1 && kill(process, signal.number) == 0 }

/// The process exists, be it as a zombie.
func exists(_ process: Int32) -> Bool { kill(process, 0) == 0 }
