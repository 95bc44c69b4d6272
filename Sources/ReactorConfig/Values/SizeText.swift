/// Sizes in bytes as people write them in a configuration: `512B`, `64KiB`, `1MiB`, `2GiB`, or a plain number of bytes.
package enum SizeText {
    private static let units: [(name: String, bytes: Int)] = [
        ("", 1), ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]

    package static func parse(_ text: String) -> Int? {
        let digits = text.utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard let number = Int(Substring(digits)), !digits.isEmpty else { return nil }
        let unit = text.utf8.dropFirst(digits.count)
        guard let scale = Self.units.first(where: { $0.name.utf8.elementsEqual(unit) })?.bytes else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: scale)
        return overflow ? nil : bytes
    }

    /// The form with the largest unit that divides: `64KiB`.
    package static func format(_ bytes: Int) -> String {
        guard bytes != 0, let unit = Self.units.dropFirst().last(where: { bytes % $0.bytes == 0 }) else {
            return "\(bytes)B"
        }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
