/// Why the admin interface could not start.
package struct AdminServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: String, Sendable {
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
    static func notLocal(_ address: BoundAddress) -> AdminServerError {
        AdminServerError(
            code: .notLocal,
            message: """
                \(address) can be reached from other machines, and the admin interface asks for no password: listen on \
                127.0.0.1 or on a unix socket
                """
        )
    }

    static func addressInUse(_ address: BoundAddress) -> AdminServerError {
        AdminServerError(
            code: .addressInUse,
            message: "\(address) is already in use: stop the program that listens there or choose another --listen"
        )
    }
}
