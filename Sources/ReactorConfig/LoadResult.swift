package import Reactions

/// What a load of configuration and handlers found.
package struct LoadResult: Sendable {
    /// Nil when anything is wrong with it; a configuration is taken whole or not at all.
    package var configuration: ReactorConfiguration?
    /// All handlers that could be read, in the order of their files, disabled ones included; use them only when
    /// `isUsable`.
    package var handlers: [HandlerDefinition]
    /// Sorted by place.
    package var diagnostics: [Diagnostic]
    /// The files that were read, in their order.
    package var filesRead: [String]

    /// Whether configuration and handlers can be run: no errors.
    package var isUsable: Bool { self.configuration != nil && self.errorCount == 0 }

    /// Whether a file or folder that was asked for could not be read at all.
    package var isUnreadable: Bool {
        self.diagnostics.contains { $0.code == .unreadable && $0.severity == .error }
    }

    /// Why it cannot be used, in one line: the first error, and how many more there are.
    package var refusal: String {
        guard let first = self.diagnostics.first(where: { $0.severity == .error }) else { return "no errors" }
        let others = self.errorCount - 1
        return others == 0 ? "\(first)" : "\(first); \(others) more, `aos-reactor check` shows all"
    }

    package var errorCount: Int { self.diagnostics.count { $0.severity == .error } }
    package var warningCount: Int { self.diagnostics.count { $0.severity == .warning } }

    /// What `check` exits with: 0 fine (warnings are fine), 1 errors were found, 78 something cannot be read.
    package var checkExitCode: Int32 { self.isUnreadable ? 78 : self.errorCount == 0 ? 0 : 1 }
}
