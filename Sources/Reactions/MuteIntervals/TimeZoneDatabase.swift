import Glibc

/// The time zones that are installed on the machine, by their IANA names.
package enum TimeZoneDatabase {
    private static let folder = "/usr/share/zoneinfo/"
    /// The largest file of the database has 4 KiB.
    private static let maxBytes = 64 * 1024

    /// What `UTC` and its other names stand for is known without any file.
    private static let universal: Set<String> = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z"]

    /// Reads a zone: `Europe/Berlin`. Asks the file system, so this is for the reading of settings.
    ///
    /// - Returns: nil for a name that is not installed; then the system's package `tzdata` may be missing.
    package static func zone(named name: String) -> TimeZoneRules? {
        if Self.universal.contains(name) { return .utc }
        guard Self.isName(name), let bytes = Self.read(Self.folder + name) else { return nil }
        return TimeZoneRules(bytes)
    }

    /// Whether a text can be a zone's name and nothing else: no way leads out of the folder.
    private static func isName(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 64, !name.hasPrefix("/") else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "/"):
                true
            default: false
            }
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.maxBytes)
        var count = 0
        while count < bytes.count {
            let room = bytes.count - count
            let read = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, room) }
            guard read >= 0 else { return nil }
            guard read > 0 else { break }
            count += read
        }
        return Array(bytes.prefix(count))
    }
}
