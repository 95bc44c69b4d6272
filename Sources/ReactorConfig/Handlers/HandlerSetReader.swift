internal import Reactions

/// Reads all files of handlers, in the order of their names' bytes, and judges the handlers together.
struct HandlerSetReader {
    let sources: [SourceSettings]
    let problems: ProblemList
    var comparesHandlers = false

    func read(_ path: String?, _ files: inout YAMLFiles) -> [LoadedHandler] {
        let audit = AuditAlertEnvironment(files.environment, problems: self.problems)
        let runs = RunTimesEnvironment(files.environment, problems: self.problems)
        var handlers: [LoadedHandler] = []
        for path in self.paths(path) {
            guard let file = files.load(path) else { continue }
            for document in file.documents {
                handlers += self.handlers(in: document, file.context).map {
                    HandlerReader(context: file.context, audit: audit, runs: runs).read($0)
                }
            }
        }
        HandlerChecks(sources: self.sources, handlers: handlers, comparesHandlers: self.comparesHandlers).run()
        return handlers
    }

    /// A document is one handler, or a list of them under `handlers`.
    private func handlers(in document: YAMLNode, _ context: ReadingContext) -> [YAMLNode] {
        guard case .mapping(let members, _) = document, let list = members.first(where: { $0.key == "handlers" })
        else { return [document] }
        for other in members where other.key != "handlers" {
            context.reportUnknown(other, known: ["handlers"])
        }
        guard case .sequence(let elements, _) = list.value else {
            let message = "`handlers` needs a list of handlers, found \(list.value.kind)"
            context.report(.wrongKind, at: list.value, message)
            return []
        }
        return elements
    }

    private func paths(_ given: String?) -> [String] {
        let path = given ?? ConfigurationLoader.defaultHandlersPath
        if given != nil, !FileText.isFolder(path) { return [path] }
        let names: [String]
        do throws(FileText.Failure) {
            names = try FileText.names(in: path).filter { !$0.utf8.starts(with: ".".utf8) }
        } catch {
            if error.isMissing, given == nil {
                self.warn(.noHandlers, path, "does not exist: without handlers, no event does anything")
            } else {
                self.problems.add(Diagnostic(.error, .unreadable, at: .path(path), error.message))
            }
            return []
        }
        let folder = path.utf8.last == UInt8(ascii: "/") ? path : path + "/"
        for name in names where name.utf8.count > 4 && name.utf8.suffix(4).elementsEqual(".yml".utf8) {
            self.warn(.notRead, folder + name, "is not read: handlers end in `.yaml`")
        }
        let files = names.filter { $0.utf8.suffix(5).elementsEqual(".yaml".utf8) }
        if files.isEmpty {
            self.warn(.noHandlers, path, "holds no `*.yaml` file: without handlers, no event does anything")
        }
        return files.map { folder + $0 }
    }

    private func warn(_ code: DiagnosticCode, _ path: String, _ message: String) {
        self.problems.add(Diagnostic(.warning, code, at: .path(path), message))
    }
}
