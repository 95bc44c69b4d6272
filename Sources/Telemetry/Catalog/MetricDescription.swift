/// The kinds of metric of the Prometheus text format that we write.
package enum MetricType: String, Sendable {
    case counter
    case gauge
    case histogram
}

/// What the values of a metric are measured in. Prometheus wants base units only.
package enum MetricUnit: String, Sendable {
    case seconds
    case bytes
    /// A plain number.
    case count
    /// A gauge that is 1 and says what it has to say in its labels, or a gauge that is 1 for yes and 0 for no.
    case flag
}

/// What is fixed about a family of metrics: everything but its values.
package struct MetricDescription: Sendable, Hashable {
    package var name: String
    package var type: MetricType
    package var help: String
    /// The label names, in the order in which they are written. Every sample of the family has all of them.
    package var labels: [String]
    package var unit: MetricUnit
    /// Upper bounds of a histogram's buckets, ascending, without the last one that holds everything.
    package var buckets: [Double]

    /// - Parameter buckets: only for histograms; `MetricDescription.defaultBuckets` when left out.
    package init(
        _ name: String,
        _ type: MetricType,
        help: String,
        labels: [String] = [],
        unit: MetricUnit = .count,
        buckets: [Double]? = nil
    ) {
        self.name = name
        self.type = type
        self.help = help
        self.labels = labels
        self.unit = unit
        self.buckets = type == .histogram ? buckets ?? Self.defaultBuckets : []
    }

    /// The default buckets of the Python client, in seconds, which the original system's histograms have.
    package static let defaultBuckets: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]
}

extension MetricDescription {
    /// Whether the text is a metric name: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    package static func isLegalName(_ text: String) -> Bool {
        self.isLegal(text) { $0 == UInt8(ascii: ":") }
    }

    /// Whether the text is a label name that is not reserved: `[a-zA-Z_][a-zA-Z0-9_]*`, without a leading `__`.
    package static func isLegalLabel(_ text: String) -> Bool {
        self.isLegal(text) { _ in false } && !text.utf8.starts(with: "__".utf8)
    }

    private static func isLegal(_ text: String, orIs isExtra: (UInt8) -> Bool) -> Bool {
        guard let first = text.utf8.first, !Self.isDigit(first) else { return false }
        return text.utf8.allSatisfy { Self.isLetter($0) || Self.isDigit($0) || isExtra($0) }
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
