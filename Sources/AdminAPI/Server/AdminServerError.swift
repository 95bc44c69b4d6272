/// Why the admin interface could not start.
package struct AdminServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: String, Sendable {
        case invalidAddress
        /// Another program listens there.
        case addressInUse
        case permissionDenied
        /// The address does not belong to this machine, or the name has no address.
        case addressNotAvailable
        /// Reachable from other machines, which was not allowed.
        case notLocal
        case socketPathTooLong
        /// Others could put their own socket there.
        case socketDirectoryUnsafe
        /// Something that is no socket, or somebody else's, stands at the path.
        case socketPathOccupied
        case other
    }

    package var code: Code
    /// For a person: what is wrong, and what helps.
    package var message: String

    package var description: String { self.message }
}

extension AdminServerError {
    static func invalidAddress(_ text: String, _ remedy: String) -> AdminServerError {
        AdminServerError(code: .invalidAddress, message: "\"\(text)\" is no address to listen on: \(remedy)")
    }

    static func notLocal(_ address: ListenAddress) -> AdminServerError {
        AdminServerError(
            code: .notLocal,
            message: """
                \(address) can be reached from other machines, and the admin interface asks for no password: listen on \
                127.0.0.1 or on a unix socket
                """
        )
    }

    static func addressInUse(_ address: ListenAddress) -> AdminServerError {
        AdminServerError(
            code: .addressInUse,
            message: "\(address) is already in use: stop the program that listens there or choose another --listen"
        )
    }
}
