import FoundationEssentials
import Glibc
import Testing

/// Runs `promtool check metrics` over a text, when it is installed.
enum Promtool {
    struct Verdict {
        var isAccepted: Bool
        var output: String
    }

    static let path = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first { path in
        FileManager.default.isExecutableFile(atPath: path)
    }

    static func check(_ exposition: [UInt8]) throws -> Verdict {
        let name = "aos-metrics-\(UUID().uuidString).txt"
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try Data(exposition).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let command = try #require(self.path) + " check metrics < '\(file.path)' 2>&1"
        let pipe = try #require(popen(command, "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
        return Verdict(isAccepted: pclose(pipe) == 0, output: String(decoding: output, as: UTF8.self))
    }
}
