/// What every refused request is answered with: problem details of RFC 9457, `application/problem+json`.
package struct Problem: Error, Sendable, Hashable, Codable {
    /// One thing that is wrong with the request.
    package struct Cause: Sendable, Hashable, Codable {
        package var detail: String
        /// JSON pointer to the offending part of the request: `#/query/limit`.
        package var pointer: String

        /// A name as a part of a JSON pointer, where `~` and `/` are written `~0` and `~1`.
        static func escaped(_ name: String) -> String {
            name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        }
    }

    /// `about:blank` when the status says everything.
    package var type: String
    package var title: String
    package var status: Int
    package var detail: String
    /// The path that was asked for.
    package var instance: String?
    package var errors: [Cause]?

    package init(type: String = "about:blank", title: String, status: Int, detail: String, errors: [Cause]? = nil) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.errors = errors
    }

    /// The media type of a problem.
    package static let mediaType = "application/problem+json"
}

extension Problem {
    static func badParameters(_ errors: [Cause]) -> Problem {
        Problem(
            type: "urn:aos-reactor:problem:bad-parameter",
            title: "Bad parameter",
            status: 400,
            detail: errors.map(\.detail).joined(separator: "; "),
            errors: errors
        )
    }

    static func badBody(_ errors: [Cause]) -> Problem {
        Problem(
            type: "urn:aos-reactor:problem:bad-body",
            title: "Bad body",
            status: 400,
            detail: errors.map(\.detail).joined(separator: "; "),
            errors: errors
        )
    }

    static func tooLarge(_ detail: String) -> Problem {
        Problem(title: "Content Too Large", status: 413, detail: detail)
    }

    static func unknown(_ what: String) -> Problem {
        Problem(title: "Not Found", status: 404, detail: what)
    }

    static func conflict(_ detail: String) -> Problem {
        Problem(title: "Conflict", status: 409, detail: detail)
    }

    static let notFound = Problem(
        title: "Not Found",
        status: 404,
        detail: "there is nothing at this path; /openapi.json lists what there is"
    )

    static func methodNotAllowed(_ allowed: [String]) -> Problem {
        Problem(
            title: "Method Not Allowed",
            status: 405,
            detail: allowed == ["GET", "HEAD"]
                ? "this path can only be read: GET or HEAD" : "this path takes \(allowed.joined(separator: ", ")) only"
        )
    }

    static let unauthorized = Problem(
        title: "Unauthorized",
        status: 401,
        detail: "this server wants its token: Authorization: Bearer TOKEN (http.token in its configuration)"
    )

    static let internalError = Problem(
        title: "Internal Server Error",
        status: 500,
        detail: "an unexpected error; the log has it"
    )

    static func unavailable(_ detail: String) -> Problem {
        Problem(title: "Service Unavailable", status: 503, detail: detail)
    }
}
