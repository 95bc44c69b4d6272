import Hummingbird
import HummingbirdCore
import Logging

/// Answers everything that went wrong with a problem of RFC 9457, and puts the headers on that all answers have.
struct ProblemAnswers<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = try self.answer(self.problem(error, request, context), to: request)
        }
        response.headers[.cacheControl] = "no-store"
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }

    private func problem(_ error: any Error, _ request: Request, _ context: Context) -> Problem {
        switch error {
        case let problem as Problem:
            return problem
        case let error as HTTPError where error.status == .notFound:
            return Self.methods(of: request.uri.path).map { .methodNotAllowed($0) } ?? .notFound
        case let error as HTTPError:
            let detail = error.body ?? error.status.reasonPhrase
            return Problem(title: error.status.reasonPhrase, status: error.status.code, detail: detail)
        default:
            context.logger.error("request failed", error: error, metadata: ["path": "\(request.uri.path)"])
            return .internalError
        }
    }

    private func answer(_ problem: Problem, to request: Request) throws -> Response {
        var problem = problem
        problem.instance = request.uri.path
        let status = HTTPResponse.Status(code: problem.status)
        var response = try Response.json(problem, status: status, mediaType: Problem.mediaType)
        if problem.status == Problem.unauthorized.status {
            response.headers[.wwwAuthenticate] = "Bearer realm=\"aos-reactor\""
        }
        if problem.status == 405, let methods = Self.methods(of: request.uri.path) {
            response.headers[.allow] = methods.joined(separator: ", ")
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// What a path can be asked with; nil for one that there is not.
    private static func methods(of path: String) -> [String]? {
        AdminRoute(asked: path).map { $0.methods.flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] } }
    }
}
