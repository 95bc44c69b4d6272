/// What every refused request is answered with: problem details of RFC 9457, `application/problem+json`.
package struct Problem: Error, Sendable, Hashable, Codable {
    /// One thing that is wrong with the request.
    package struct Cause: Sendable, Hashable, Codable {
        package var detail: String
        /// JSON pointer to the offending part of the request: `#/query/limit`.
        package var pointer: String
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

    static let notFound = Problem(
        title: "Not Found",
        status: 404,
        detail: "there is nothing at this path; /openapi.json lists what there is"
    )

    static let methodNotAllowed = Problem(
        title: "Method Not Allowed",
        status: 405,
        detail: "this path can only be read: GET or HEAD"
    )

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
