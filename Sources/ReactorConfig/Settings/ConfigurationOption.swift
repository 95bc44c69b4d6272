/// A setting with a single value: how it is named everywhere, what it may be, and where it goes.
struct ConfigurationOption: Sendable {
    /// `heartbeat.interval`: the way through the file.
    let path: String
    /// What a message says it needs: "a whole number from 1 to 100".
    let needs: String
    /// The same for the original's variables in seconds.
    var needsSeconds = ""
    /// Names of the original system beside `REACTOR_…`.
    var originalNames: [OriginalName] = []
    /// Whether the value may hold a secret, so that nothing shows it.
    var isSecret = false
    /// Whether the file may hold only a reference to it: `{ env: NAME }` or `{ file: PATH }`.
    var isReferenceOnly = false
    /// Whether it is true or false, for which the environment and flags also know `1`, `yes`, `on` and their opposites.
    var isFlag = false
    /// Reads a text into the configuration; false if it is not allowed.
    let set: @Sendable (String, inout ReactorConfiguration) -> Bool
    let show: @Sendable (ReactorConfiguration) -> String

    struct OriginalName: Sendable {
        var name: String
        /// Whether the variable holds a bare number of seconds.
        var isSeconds = false
    }

    /// A text of the environment or of a flag in the form that `set` reads.
    func normalized(_ text: String) -> String {
        guard self.isFlag else { return text }
        return switch text.lowercased() {
        case "1", "yes", "on", "true": "true"
        case "0", "no", "off", "false": "false"
        default: text
        }
    }

    /// `REACTOR_HEARTBEAT_INTERVAL`
    var environmentName: String {
        "REACTOR_" + String(self.path.map { $0 == "." ? "_" : $0 }).uppercased()
    }
}

extension ConfigurationOption {
    typealias Field<Value> = WritableKeyPath<ReactorConfiguration, Value> & Sendable

    static func bool(_ path: String, _ field: any Field<Bool>, original: String? = nil) -> Self {
        Self(
            path: path,
            needs: "true or false",
            originalNames: original.map { [OriginalName(name: $0)] } ?? [],
            isFlag: true,
            set: { text, configuration in
                guard case .bool(let flag) = CoreScalar(plain: text) else { return false }
                configuration[keyPath: field] = flag
                return true
            },
            show: { String($0[keyPath: field]) }
        )
    }

    static func integer(
        _ path: String,
        _ field: any Field<Int>,
        in range: ClosedRange<Int>,
        original: String? = nil
    ) -> Self {
        Self(
            path: path,
            needs: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            originalNames: original.map { [OriginalName(name: $0)] } ?? [],
            set: { text, configuration in
                guard let number = Int(text), range.contains(number) else { return false }
                configuration[keyPath: field] = number
                return true
            },
            show: { String($0[keyPath: field]) }
        )
    }

    static func duration(
        _ path: String,
        _ field: any Field<Duration>,
        in range: ClosedRange<Duration>,
        original: String? = nil
    ) -> Self {
        Self(
            path: path,
            needs: ValueNeeds.duration(range),
            needsSeconds: ValueNeeds.seconds(range),
            originalNames: original.map { [OriginalName(name: $0, isSeconds: true)] } ?? [],
            set: { text, configuration in
                guard let duration = DurationText.parse(text), range.contains(duration) else { return false }
                configuration[keyPath: field] = duration
                return true
            },
            show: { DurationText.format($0[keyPath: field]) }
        )
    }

    static func size(_ path: String, _ field: any Field<Int>, in range: ClosedRange<Int>) -> Self {
        Self(
            path: path,
            needs: ValueNeeds.size(range),
            set: { text, configuration in
                guard let size = SizeText.parse(text), range.contains(size) else { return false }
                configuration[keyPath: field] = size
                return true
            },
            show: { SizeText.format($0[keyPath: field]) }
        )
    }

    static func word<Word>(_ path: String, _ field: any Field<Word>) -> Self
    where Word: CaseIterable & RawRepresentable & Sendable, Word.RawValue == String {
        Self(
            path: path,
            needs: ValueNeeds.list(Word.allCases.map(\.rawValue)),
            set: { text, configuration in
                guard let word = Word(rawValue: text) else { return false }
                configuration[keyPath: field] = word
                return true
            },
            show: { $0[keyPath: field].rawValue }
        )
    }
}
