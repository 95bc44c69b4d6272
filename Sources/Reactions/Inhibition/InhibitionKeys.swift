import Events

/// Where the marks of inhibition that concern one alert lie: those that it leaves, and those that hold it back.
///
/// A mark lies at a rule and the values of the labels that the rule wants equal. Marks of alerts that match both sides of
/// a rule lie apart, because they hold back only what matches the target side alone.
package struct InhibitionKeys: Sendable, Hashable {
    package struct Source: Sendable, Hashable {
        package var key: String
        /// Microseconds for which the mark stands.
        package var hold: Int64
    }

    package struct Target: Sendable, Hashable {
        package var rule: String
        /// The marks that hold the alert back, in the order in which they are asked.
        package var keys: [String]
    }

    package private(set) var sources: [Source] = []
    package private(set) var targets: [Target] = []

    package init(_ labels: AlertLabels, _ rules: [InhibitionRule]) {
        for rule in rules {
            let isSource = rule.source.matches(labels)
            let isTarget = rule.target.matches(labels)
            guard isSource || isTarget else { continue }
            let key = Self.key(rule, labels)
            if isSource {
                let hold = rule.holdsFor.wholeMicroseconds
                self.sources.append(Source(key: isTarget ? key + "b" : key, hold: hold))
            }
            if isTarget {
                self.targets.append(Target(rule: rule.name, keys: isSource ? [key] : [key, key + "b"]))
            }
        }
    }

    package var isEmpty: Bool { self.sources.isEmpty && self.targets.isEmpty }

    /// The lengths stand before the texts, so that no two lists of texts give one key.
    private static func key(_ rule: InhibitionRule, _ labels: AlertLabels) -> String {
        var text = "\(rule.name.utf8.count):\(rule.name)"
        for name in rule.equal {
            let value = labels[name]
            text += ":\(name.utf8.count):\(name):\(value.utf8.count):\(value)"
        }
        return Fingerprint(of: text).description
    }
}
