import ArgumentParser
import HoneTensor

extension Device {
    /// Reads `--device`.
    static func named(_ argument: String) throws -> Device {
        guard let device = Device(name: argument) else {
            throw ValidationError("--device \(argument) names no device; give cpu, or cuda:0.")
        }
        return device
    }
}
