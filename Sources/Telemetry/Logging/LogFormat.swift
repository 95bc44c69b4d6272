import Glibc

/// How log lines look.
package enum LogFormat: Sendable, Hashable {
    /// One JSON object a line, for machines.
    case json
    /// One readable line, for a terminal.
    case text(colored: Bool)

    /// Text when the descriptor is a terminal, JSON otherwise; coloured unless the environment says no.
    package static func automatic(descriptor: Int32, environment: [String: String]) -> LogFormat {
        guard isatty(descriptor) == 1 else { return .json }
        return .text(colored: Self.wantsColor(environment))
    }

    /// Whether the environment allows colour: `NO_COLOR` is unset or empty (no-color.org), `TERM` is not `dumb`.
    package static func wantsColor(_ environment: [String: String]) -> Bool {
        (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }
}
