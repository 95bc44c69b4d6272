/// An HTTP POST as it is sent, but for its address, which may be a secret and stays with the receiver.
///
/// Prints its size alone: headers and body may hold keys.
package struct DeliveryRequest: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package struct Header: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var headers: [Header]
    package var body: [UInt8]

    package init(headers: [Header], body: [UInt8]) {
        self.headers = headers
        self.body = body
    }

    package var description: String { "\(self.headers.count) headers and \(self.body.count) bytes" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }

    /// The value of the first header of that name, in any case.
    package subscript(header name: String) -> String? {
        self.headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// What a receiver answered.
package struct DeliveryAnswer: Sendable, Hashable {
    package var status: Int
    /// The header `Retry-After`.
    package var retryAfter: String?
    /// The first bytes of the body.
    package var body: [UInt8]

    package init(status: Int, retryAfter: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }

    package var text: String { String(decoding: self.body, as: UTF8.self).trimmingBlanks }
}
