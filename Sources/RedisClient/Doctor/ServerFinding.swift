/// One thing that the doctor has to say about a server.
package struct ServerFinding: Sendable, Equatable {
    package enum Severity: Int, Sendable, Comparable, CaseIterable {
        /// As it should be.
        case ok
        /// Good to know, or not to be found out.
        case note
        /// Works, and costs something that the operator should know.
        case warning
        /// Will lose events or stop working.
        case problem

        package static func < (lhs: Severity, rhs: Severity) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    /// What was looked at. The raw value never changes.
    package enum Code: String, Sendable, CaseIterable {
        case version
        case role
        case outputBuffer = "output_buffer"
        case eviction
        case persistence
        case keepalive
        case permissions
        case openDefaultUser = "open_default_user"
        case clock
    }

    package let code: Code
    package internal(set) var severity: Severity

    /// What was found, with the number that decided.
    package let message: String

    /// What to do about it; nil when there is nothing to do.
    package let remedy: String?

    package init(_ code: Code, _ severity: Severity, _ message: String, remedy: String? = nil) {
        self.code = code
        self.severity = severity
        self.message = message
        self.remedy = remedy
    }
}
