package import EventPatterns

/// Reads patterns from JSON and YAML texts, and finds every problem of all of them in one go.
///
/// JSON is read by EventBridge's own rules; YAML as under the `match:` of a handler, so with single values for lists of
/// one and with the environment put in.
package struct PatternLoader {
    /// In which of the two a text is written.
    package enum Format: Sendable, Hashable {
        case json
        case yaml
    }

    private let environment: [String: String]
    private let problems = ProblemList()

    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// What is wrong so far, by place.
    package var diagnostics: [Diagnostic] { Diagnostic.sorted(self.problems.diagnostics) }

    // MARK: Texts

    /// A pattern, perhaps with another one that events must not match. Nil if anything is wrong; then that is noted.
    /// - Parameters:
    ///   - match: The text, and how messages call it.
    ///   - not: Likewise.
    package func pattern(
        _ match: (text: [UInt8], name: String),
        not: (text: [UInt8], name: String)? = nil
    ) -> EventPattern? {
        let node = self.node(match.text, called: match.name)
        guard let not else { return node.flatMap { Self.compiled($0) } }
        let excluded = self.node(not.text, called: not.name)
        guard let node, let excluded else { return nil }
        // Each was compiled alone by the rules of its format, so together they are fine by the wider ones of YAML.
        return try? EventPattern(node, not: excluded, options: .yaml)
    }

    private static func compiled(_ node: PatternNode) -> EventPattern? {
        try? EventPattern(node, options: .yaml)
    }

    /// The node of a pattern that compiles.
    private func node(_ bytes: [UInt8], called name: String) -> PatternNode? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            self.problems.add(Diagnostic(.error, .notText, at: .path(name), "is not UTF-8"))
            return nil
        }
        guard bytes.count <= YAMLReader.maximumBytes else {
            let message = "is larger than \(SizeText.format(YAMLReader.maximumBytes))"
            self.problems.add(Diagnostic(.error, .tooLarge, at: .path(name), message))
            return nil
        }
        let format = Self.format(of: text, called: name)
        let source =
            format == .json
            ? SourceText(name: name, text: text, endsLine: { $0 == "\n" }) : SourceText(name: name, text: text)
        let context = ReadingContext(source: source, environment: self.environment, problems: self.problems)
        let reader = MatchReader(context: context)
        do throws(PatternError) {
            let node: PatternNode
            switch format {
            case .json: node = try PatternNode.parse(json: bytes)
            case .yaml:
                guard let read = self.yaml(context, reader) else { return nil }
                node = read
            }
            _ = try EventPattern(node, options: format == .json ? .json : .yaml)
            return node
        } catch {
            reader.report(error)
            return nil
        }
    }

    /// By the end of a file's name; of other texts JSON is what begins like an object of JSON.
    private static func format(of text: String, called name: String) -> Format {
        if name.utf8.ends(with: ".json") { return .json }
        if name.utf8.ends(with: ".yaml") || name.utf8.ends(with: ".yml") { return .yaml }
        let visible = text.utf8.lazy.filter { $0 > 0x20 }.prefix(2)
        guard visible.first == UInt8(ascii: "{") else { return visible.first == UInt8(ascii: "[") ? .json : .yaml }
        let second = visible.dropFirst().first
        return second == UInt8(ascii: "\"") || second == UInt8(ascii: "}") ? .json : .yaml
    }

    private func yaml(_ context: ReadingContext, _ match: MatchReader) -> PatternNode? {
        let before = self.problems.errorCount
        let reader = YAMLReader(context.source)
        for problem in reader.problems {
            context.report(problem.code, at: problem.position, length: problem.length, problem.message)
        }
        guard self.problems.errorCount == before else { return nil }
        guard let document = reader.documents.first, reader.documents.count == 1 else {
            let message = "one pattern is meant here, found \(reader.documents.count) documents"
            let position = reader.documents.dropFirst().first?.position ?? TextPosition(line: 1, column: 1)
            context.report(.severalDocuments, at: position, message)
            return nil
        }
        let node = match.node(document)
        return self.problems.errorCount == before ? node : nil
    }

    // MARK: Files

    /// The bytes of a file; nil if it cannot be read, which is then noted.
    package func bytes(of path: String) -> [UInt8]? {
        do throws(FileText.Failure) {
            return try FileText.bytes(of: path, limit: YAMLReader.maximumBytes)
        } catch {
            self.problems.add(Diagnostic(.error, .unreadable, at: .path(path), error.message))
            return nil
        }
    }

    /// The patterns of a folder: each `*.json`, `*.yaml` and `*.yml`, called by its name without that end, in the order
    /// of the names' bytes. What is wrong with any of them is noted.
    package func patterns(in folder: String) -> [(name: String, pattern: EventPattern)] {
        let names: [String]
        do throws(FileText.Failure) {
            names = try FileText.names(in: folder).filter { !$0.utf8.starts(with: ".".utf8) }
        } catch {
            self.problems.add(Diagnostic(.error, .unreadable, at: .path(folder), error.message))
            return []
        }
        let stem = folder.utf8.last == UInt8(ascii: "/") ? folder : folder + "/"
        var patterns: [(name: String, pattern: EventPattern)] = []
        var read = 0
        for name in names where !FileText.isFolder(stem + name) {
            guard let end = [".json", ".yaml", ".yml"].first(where: { name.utf8.ends(with: $0) }) else {
                let message = "is not read: patterns end in `.json`, `.yaml` or `.yml`"
                self.problems.add(Diagnostic(.warning, .notRead, at: .path(stem + name), message))
                continue
            }
            read += 1
            guard let bytes = self.bytes(of: stem + name),
                let pattern = self.pattern((bytes, stem + name))
            else { continue }
            patterns.append((String(name.dropLast(end.count)), pattern))
        }
        if read == 0 {
            let message = "holds no pattern: no `*.json`, `*.yaml` or `*.yml`"
            self.problems.add(Diagnostic(.error, .noPatterns, at: .path(folder), message))
        }
        return patterns
    }

    /// Whether something is wrong that keeps patterns from being used.
    package var hasErrors: Bool { self.problems.hasErrors }
}

extension String.UTF8View {
    fileprivate func ends(with end: String) -> Bool { self.suffix(end.utf8.count).elementsEqual(end.utf8) }
}
