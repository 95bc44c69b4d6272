/// A Redis URL that cannot be used: what was found and what is allowed.
///
/// The message quotes only parts that cannot belong to a password.
package struct RedisURLError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        case scheme
        case credentials
        case ambiguous
        case host
        case port
        case database
        case path
        case option
        case certificateFile = "certificate_file"
    }

    package let code: Code
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}
