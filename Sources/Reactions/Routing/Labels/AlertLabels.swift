/// The labels of an alert: what routes, silences and groups are decided by, and the identity of the alert in
/// Alertmanager.
///
/// A label that is missing and one that is empty are the same thing, so empty ones are never kept.
package struct AlertLabels: Sendable, Hashable {
    /// Bytes of a label's value, at most; longer ones keep their beginning and a hash.
    package static let maxValueBytes = 1024

    /// One label.
    package struct Label: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    /// By name, bytewise: the order that fingerprints are computed in.
    package private(set) var all: [Label] = []

    package init() {}

    package init(_ labels: [String: String]) {
        for (name, value) in labels { self[name] = value }
    }

    /// The labels of an alert: `alertname`, `severity`, `domain`, `tenant_id`, `run_id`, `handler`, `key`, and
    /// `event_type` when an event raised it.
    /// - Parameter extra: labels on top, as those of a whole installation (`env: prod`); they replace none of an
    ///   alert's own, and names that Alertmanager would refuse are made valid.
    package init(_ alert: Alert, extra: [String: String] = [:]) {
        guard extra.isEmpty else {
            for (name, value) in extra.sorted(by: { $0.key < $1.key }) { self[Self.validName(name)] = value }
            for name in Name.allCases { self[name] = alert[label: name] }
            return
        }
        self.all.reserveCapacity(Name.allCases.count)
        for name in Name.allCases {
            let value = alert[label: name]
            if !value.isEmpty { self.all.append(Label(name: name.rawValue, value: Self.bounded(value))) }
        }
    }

    /// The value of a label; empty when there is none. Setting the empty value removes it.
    package subscript(name: String) -> String {
        get {
            let place = self.place(of: name)
            return place < self.all.count && self.all[place].name == name ? self.all[place].value : ""
        }
        set {
            let place = self.place(of: name)
            let exists = place < self.all.count && self.all[place].name == name
            guard !newValue.isEmpty else {
                if exists { self.all.remove(at: place) }
                return
            }
            let label = Label(name: name, value: Self.bounded(newValue))
            if exists {
                self.all[place] = label
            } else {
                self.all.insert(label, at: place)
            }
        }
    }

    package subscript(name: Name) -> String {
        get { self[name.rawValue] }
        set { self[name.rawValue] = newValue }
    }

    package var isEmpty: Bool { self.all.isEmpty }

    package var dictionary: [String: String] {
        Dictionary(uniqueKeysWithValues: self.all.map { ($0.name, $0.value) })
    }

    /// Those of the labels whose names are in the list; the missing ones stay missing.
    package func only(_ names: [String]) -> AlertLabels {
        var kept = AlertLabels()
        kept.all = self.all.filter { names.contains($0.name) }
        return kept
    }

    /// The labels that all of these have with one value.
    package static func common(to sets: [AlertLabels]) -> AlertLabels {
        guard let first = sets.first else { return AlertLabels() }
        var common = AlertLabels()
        common.all = first.all.filter { label in sets.allSatisfy { $0[label.name].hasSameBytes(as: label.value) }
        }
        return common
    }

    private func place(of name: String) -> Int {
        var low = 0
        var high = self.all.count
        while low < high {
            let middle = (low + high) / 2
            if self.all[middle].name.utf8.lexicographicallyPrecedes(name.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private static func bounded(_ value: String) -> String {
        guard value.utf8.count > Self.maxValueBytes else { return value }
        return value.clipped(toBytes: Self.maxValueBytes - 17) + "#" + Fingerprint(of: value).description
    }
}

// MARK: - Names

extension AlertLabels {
    /// The labels that an alert brings, in the order of their names.
    package enum Name: String, Sendable, CaseIterable {
        case alertName = "alertname"
        case domain
        case eventType = "event_type"
        case handler
        case key
        case run = "run_id"
        case severity
        case tenant = "tenant_id"
    }

    /// Whether Alertmanager takes the name (`[a-zA-Z_][a-zA-Z0-9_]*`; before 0.27 it took no others).
    package static func isValidName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !Self.isDigit(first) else { return false }
        return name.utf8.allSatisfy { Self.isNameByte($0) }
    }

    /// The name with `_` for everything that may not be in one: `run.id` becomes `run_id`.
    package static func validName(_ name: String) -> String {
        guard !Self.isValidName(name) else { return name }
        var bytes: [UInt8] = []
        for scalar in name.unicodeScalars {
            let byte = UInt8(exactly: scalar.value).flatMap { Self.isNameByte($0) ? $0 : nil }
            bytes.append(byte ?? UInt8(ascii: "_"))
        }
        if bytes.first.map({ Self.isDigit($0) }) ?? true { bytes.insert(UInt8(ascii: "_"), at: 0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: Self.isDigit(byte)
        }
    }
}

// MARK: - Identity

extension AlertLabels: CustomStringConvertible {
    /// What Alertmanager takes for the alert's identity: FNV-1a over each name and value, each followed by 0xFF.
    package var fingerprint: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for label in self.all {
            for byte in label.name.utf8 { add(byte) }
            add(0xFF)
            for byte in label.value.utf8 { add(byte) }
            add(0xFF)
        }
        return hash
    }

    /// The same as 16 hex digits, as Alertmanager shows it.
    package var fingerprintText: String {
        let digits = String(self.fingerprint, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// `{alertname="RunStale", severity="HIGH"}`
    package var description: String {
        "{" + self.all.map { "\($0.name)=\(LabelMatcher.quoted($0.value))" }.joined(separator: ", ") + "}"
    }
}

extension Alert {
    /// The value of one of its labels, of any length; empty when there is none.
    package subscript(label name: AlertLabels.Name) -> String {
        switch name {
        case .alertName: self.type
        case .domain: self.domain
        case .eventType: self.event?.eventType ?? ""
        case .handler: self.handler
        case .key: self.key
        // The original system's word for "no run" is no run's name.
        case .run: self.runID == "unknown" ? "" : self.runID
        case .severity: self.severity.rawValue
        case .tenant: self.tenant
        }
    }
}
