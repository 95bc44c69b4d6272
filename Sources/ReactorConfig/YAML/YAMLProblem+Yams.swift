internal import Yams

extension YAMLProblem {
    /// What the YAML parser says, in our words where they help.
    init(_ error: any Error, in source: SourceText) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            self.init(problem: problem, context: context?.text, mark: mark, in: source)
        case .reader(let problem, _, _, _):
            self.init(code: .syntax, message: "not valid YAML: \(problem)", position: TextPosition(line: 1, column: 1))
        default:
            self.init(code: .syntax, message: "not valid YAML", position: TextPosition(line: 1, column: 1))
        }
    }

    private init(problem: String, context: String?, mark: Mark, in source: SourceText) {
        let position = Self.inside(source, TextPosition(line: mark.line, column: mark.column))
        if problem.utf8.starts(with: "Maximum nesting level".utf8) {
            let message = "nested deeper than \(YAMLReader.maximumDepth) levels"
            self.init(code: .tooDeep, message: message, position: position)
            return
        }
        let context = context.map { " (\($0))" } ?? ""
        let hint = Self.hint(problem, at: position, in: source)
        self.init(code: .syntax, message: "not valid YAML: \(problem)\(context)\(hint)", position: position)
    }

    /// libyaml may point behind the last line.
    private static func inside(_ source: SourceText, _ position: TextPosition) -> TextPosition {
        guard position.line > source.lineCount else { return position }
        return TextPosition(line: source.lineCount, column: source.line(source.lineCount).count + 1)
    }

    private static func hint(_ problem: String, at position: TextPosition, in source: SourceText) -> String {
        let line = source.line(position.line)
        if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") {
            return "; indent with blanks, never with tabs"
        }
        if problem.utf8.elementsEqual("mapping values are not allowed in this context".utf8) {
            return "; a text that holds `: ` must be quoted"
        }
        if source.rest(TextPosition(line: position.line, column: position.column - 1)).starts(with: "${".unicodeScalars)
        {
            return "; a text with `${` must be quoted here"
        }
        if source.rest(position).first.map({ "@`%".unicodeScalars.contains($0) }) == true {
            return "; a text that begins so must be quoted"
        }
        return ""
    }
}
