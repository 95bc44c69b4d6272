internal import Reactions

/// Follows a reference to a secret: `{ env: NAME }` or `{ file: /run/secrets/name }`.
struct SecretReader {
    let context: ReadingContext
    /// Larger files are not secrets.
    private static let maximumBytes = 65_536

    func read(_ node: YAMLNode, of field: String) -> Secret? {
        guard case .mapping(let members, _) = node, members.count == 1, let member = members.first,
            member.key == "env" || member.key == "file"
        else {
            let message = "`\(field)` needs a reference to a secret: {env: NAME} or {file: /path}"
            self.context.report(.badSecret, at: node, message, hidesValue: true)
            return nil
        }
        guard let value = self.context.text(member.value, of: "\(field).\(member.key)") else { return nil }
        return member.key == "env" ? self.variable(value, of: field) : self.file(value, of: field)
    }

    private func variable(_ name: ReadScalar, of field: String) -> Secret? {
        guard let value = self.context.environment[name.text], !value.isEmpty else {
            let message = "`\(field)` refers to the environment variable `\(name.shown)`, which is not set"
            self.context.report(.badSecret, at: name.node, message)
            return nil
        }
        return Secret(value)
    }

    /// The content of the file without the line break at its end.
    private func file(_ path: ReadScalar, of field: String) -> Secret? {
        let reason: String
        do throws(FileText.Failure) {
            let bytes = try FileText.bytes(of: path.text, limit: Self.maximumBytes)
            let content = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
            let trimmed = content.last == UInt8(ascii: "\r") ? content.dropLast() : content
            let text = bytes.count <= Self.maximumBytes ? String(validating: trimmed, as: UTF8.self) : nil
            if let text, !text.isEmpty { return Secret(text) }
            reason = trimmed.isEmpty ? "is empty" : "is too large or not text"
        } catch {
            reason = error.message
        }
        self.context.report(.badSecret, at: path.node, "`\(field)` refers to the file `\(path.shown)`, which \(reason)")
        return nil
    }
}
