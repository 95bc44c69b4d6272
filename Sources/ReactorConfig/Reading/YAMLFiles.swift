/// Opens the files of one load and remembers which were read.
struct YAMLFiles {
    struct File {
        var context: ReadingContext
        var documents: [YAMLNode]
    }

    let environment: [String: String]
    let problems: ProblemList
    private(set) var read: [String] = []

    init(environment: [String: String], problems: ProblemList) {
        self.environment = environment
        self.problems = problems
    }

    /// The documents of a file; nil if it cannot be read, which is then reported. What is no YAML is reported too.
    mutating func load(_ path: String, mayBeMissing: Bool = false) -> File? {
        let bytes: [UInt8]
        do throws(FileText.Failure) {
            bytes = try FileText.bytes(of: path, limit: YAMLReader.maximumBytes)
        } catch {
            if !(error.isMissing && mayBeMissing) { self.report(.unreadable, path, error.message) }
            return nil
        }
        self.read.append(path)
        guard bytes.count <= YAMLReader.maximumBytes else {
            self.report(.tooLarge, path, "is larger than \(SizeText.format(YAMLReader.maximumBytes))")
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let line = Self.lineOfInvalidByte(bytes)
            self.report(.notText, path, "line \(line) holds bytes that are not UTF-8")
            return nil
        }
        let source = SourceText(name: path, text: text)
        let context = ReadingContext(source: source, environment: self.environment, problems: self.problems)
        let reader = YAMLReader(source)
        for problem in reader.problems {
            context.report(problem.code, at: problem.position, length: problem.length, problem.message)
        }
        return File(context: context, documents: reader.documents)
    }

    private func report(_ code: DiagnosticCode, _ path: String, _ message: String) {
        self.problems.add(Diagnostic(.error, code, at: .path(path), message))
    }

    /// The first line that is not UTF-8, counted from 1.
    private static func lineOfInvalidByte(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
    }
}
