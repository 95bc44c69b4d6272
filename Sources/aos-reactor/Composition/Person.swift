import FoundationEssentials
import Glibc

/// Who sits at the terminal, for the log of changes.
enum Person {
    /// `USER@HOST`, in plain characters.
    static let name: String = {
        let user = ProcessEnvironment.text("SUDO_USER") ?? ProcessEnvironment.text("USER") ?? "uid-\(getuid())"
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let host = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let plain = "\(user)@\(host)".unicodeScalars.filter { (0x21..<0x7F).contains($0.value) }
        return String(String.UnicodeScalarView(plain.prefix(128)))
    }()
}
