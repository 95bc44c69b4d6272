/// Puts environment variables into a text: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, and `$$` for a `$`.
/// A `$` before anything else stays.
///
/// It works on single values after the YAML was parsed, so that a variable can never add a key or a list.
struct Interpolation {
    struct Problem: Hashable {
        var code: DiagnosticCode
        var message: String
        /// Where in the text, in Unicode scalars.
        var offset: Int
        var length: Int
    }

    /// More of one value are not noted.
    private static let maximumProblems = 10

    private(set) var text = ""
    /// The variables that were put in, in order.
    private(set) var variables: [String] = []
    private(set) var problems: [Problem] = []

    private let scalars: [Unicode.Scalar]
    private let environment: [String: String]

    init(_ text: String, environment: [String: String]) {
        guard text.utf8.contains(UInt8(ascii: "$")) else {
            self.scalars = []
            self.environment = [:]
            self.text = text
            return
        }
        self.scalars = Array(text.unicodeScalars)
        self.environment = environment
        self.expand()
    }

    private mutating func expand() {
        var result = String.UnicodeScalarView()
        var index = 0
        while index < self.scalars.count {
            let scalar = self.scalars[index]
            let next = index + 1 < self.scalars.count ? self.scalars[index + 1] : nil
            if scalar == "$", next == "$" {
                result.append("$")
                index += 2
            } else if scalar == "$", next == "{" {
                index = self.expandVariable(at: index, into: &result)
            } else {
                result.append(scalar)
                index += 1
            }
        }
        self.text = String(result)
    }

    /// Returns where the text goes on.
    private mutating func expandVariable(at start: Int, into result: inout String.UnicodeScalarView) -> Int {
        guard let end = self.scalars[start...].firstIndex(of: "}") else {
            self.report(.badInterpolation, "`${` has no `}`; write `$$` for a dollar sign", start, self.scalars.count)
            return self.scalars.count
        }
        let inner = self.scalars[(start + 2)..<end]
        let name = inner.prefix { Self.belongsToName($0) }
        let rest = inner.dropFirst(name.count)
        let variable = String(String.UnicodeScalarView(name))
        guard let first = name.first, !("0"..."9").contains(first) else {
            self.report(.badInterpolation, Self.forms, start, end + 1)
            return end + 1
        }
        let value = self.environment[variable]
        if rest.isEmpty {
            if value == nil {
                let message = "${\(variable)} is not set and has no default; write ${\(variable):-…} or set it"
                self.report(.unsetVariable, message, start, end + 1)
            }
            self.use(variable, value ?? "", &result)
        } else if rest.starts(with: ":-".unicodeScalars), !rest.contains("$") {
            let fallback = String(String.UnicodeScalarView(rest.dropFirst(2)))
            self.use(variable, value.flatMap { $0.isEmpty ? nil : $0 } ?? fallback, &result)
        } else if rest.starts(with: ":?".unicodeScalars), !rest.contains("$") {
            if value?.isEmpty != false {
                let message = String(String.UnicodeScalarView(rest.dropFirst(2)))
                self.report(.unsetVariable, "${\(variable)} is not set: \(message)", start, end + 1)
            }
            self.use(variable, value ?? "", &result)
        } else {
            self.report(.badInterpolation, Self.forms, start, end + 1)
        }
        return end + 1
    }

    private static let forms = "not a variable: write ${NAME}, ${NAME:-default} or ${NAME:?message}, and `$$` for a `$`"

    private mutating func use(_ name: String, _ value: String, _ result: inout String.UnicodeScalarView) {
        self.variables.append(name)
        result.append(contentsOf: value.unicodeScalars)
    }

    private mutating func report(_ code: DiagnosticCode, _ message: String, _ start: Int, _ end: Int) {
        guard self.problems.count < Self.maximumProblems else { return }
        self.problems.append(Problem(code: code, message: message, offset: start, length: end - start))
    }

    private static func belongsToName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }
}
