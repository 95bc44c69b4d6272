/// A password that no description, interpolation, `dump` or mirror shows.
package struct RedisPassword: Sendable, Hashable {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The password itself, for the one place that sends it.
    func reveal() -> [UInt8] { self.bytes }

    var isEmpty: Bool { self.bytes.isEmpty }
}

extension RedisPassword: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }

    package var debugDescription: String { "***" }

    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
