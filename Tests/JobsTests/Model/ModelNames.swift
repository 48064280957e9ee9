import Foundation

/// Ids of the model are numbered, so that a trace can be read.
enum ModelName: UInt8 {
    case job = 1
    case worker, lease, owner

    func id(_ number: Int) -> UUID {
        let bytes = [16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
        return UUID(
            uuid: (rawValue, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, bytes[0], bytes[1], bytes[2]))
    }
}

extension UUID {
    /// "job 3" for an id of the model.
    var modelName: String {
        let number = Int(uuid.13) << 16 + Int(uuid.14) << 8 + Int(uuid.15)
        return "\(ModelName(rawValue: uuid.0).map { "\($0)" } ?? "?") \(number)"
    }
}
