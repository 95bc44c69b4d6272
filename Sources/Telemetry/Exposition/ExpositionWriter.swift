/// Writes the Prometheus text format, version 0.0.4: families with their help and type, and their samples.
///
/// A family is written once and in one piece. A second family of the same name is left out and counted in `refused`,
/// because a scraper rejects the whole answer otherwise.
package struct ExpositionWriter {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []
    /// Names of families that were written twice; only the first was kept.
    package private(set) var refused: [String] = []
    private var written: Set<String> = []
    private var current: MetricDescription?

    package init(reservingCapacity capacity: Int = 16 * 1_024) {
        self.bytes.reserveCapacity(capacity)
    }

    /// Writes the head of a family and what `samples` adds to it.
    package mutating func family(_ metric: MetricDescription, _ samples: (inout ExpositionWriter) -> Void) {
        precondition(self.current == nil, "families do not nest")
        guard self.written.insert(metric.name).inserted else {
            self.refused.append(metric.name)
            return
        }
        self.append("# HELP \(metric.name) ")
        self.appendHelp(metric.help)
        self.append("\n# TYPE \(metric.name) \(metric.type.rawValue)\n")
        self.current = metric
        samples(&self)
        self.current = nil
    }

    /// Writes a family that has one sample without labels.
    package mutating func family(_ metric: MetricDescription, _ value: UInt64) {
        self.family(metric) { $0.sample(.none, value) }
    }

    /// Writes a family that has one sample without labels.
    package mutating func family(_ metric: MetricDescription, _ value: Double) {
        self.family(metric) { $0.sample(.none, value) }
    }

    /// Writes a family that has one sample without labels: 1 or 0.
    package mutating func family(_ metric: MetricDescription, _ flag: Bool) {
        self.family(metric) { $0.sample(.none, flag ? 1 : 0 as UInt64) }
    }

    /// One sample of the family that is being written.
    package mutating func sample(_ labels: LabelSet, _ value: UInt64) {
        self.appendName(labels)
        self.append("\(value)\n")
    }

    /// One sample of the family that is being written.
    package mutating func sample(_ labels: LabelSet, _ value: Int) {
        self.appendName(labels)
        self.append("\(value)\n")
    }

    /// One sample of the family that is being written.
    package mutating func sample(_ labels: LabelSet, _ value: Double) {
        self.appendName(labels)
        self.append(Self.text(value))
        self.append("\n")
    }

    /// One histogram of the family that is being written.
    ///
    /// - Parameters:
    ///   - counts: observations of each bucket by itself, one more than the family has bounds: the last holds the rest.
    ///   - sum: of all observations, in the family's unit.
    package mutating func histogram(_ labels: LabelSet, counts: [UInt64], sum: Double) {
        let bounds = self.current?.buckets ?? []
        precondition(counts.count == bounds.count + 1, "a histogram has one count more than bounds")
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total &+= count
            let bound = index < bounds.count ? Self.text(bounds[index]) : "+Inf"
            self.appendName(labels, suffix: "_bucket", bound: bound)
            self.append("\(total)\n")
        }
        self.appendName(labels, suffix: "_sum")
        self.append("\(Self.text(sum))\n")
        self.appendName(labels, suffix: "_count")
        self.append("\(total)\n")
    }

    /// A sample whose `name{labels} ` was rendered before.
    mutating func sample(prefix: [UInt8], _ value: String) {
        self.bytes += prefix
        self.append(value)
        self.append("\n")
    }
}

extension ExpositionWriter {
    private mutating func append(_ text: String) { self.bytes += text.utf8 }

    private mutating func appendHelp(_ help: String) {
        for byte in help.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): self.append(#"\\"#)
            case UInt8(ascii: "\n"): self.append(#"\n"#)
            default: self.bytes.append(byte)
            }
        }
    }

    private mutating func appendName(_ labels: LabelSet, suffix: String = "", bound: String? = nil) {
        guard let metric = self.current else { preconditionFailure("a sample belongs to a family") }
        precondition(labels.count == metric.labels.count, "\(metric.name) has the labels \(metric.labels)")
        Self.appendName(metric.name + suffix, labels, bound: bound, to: &self.bytes)
    }

    /// `name{labels,le="bound"} `
    static func appendName(_ name: String, _ labels: LabelSet, bound: String? = nil, to bytes: inout [UInt8]) {
        bytes += name.utf8
        if labels.count > 0 || bound != nil {
            bytes.append(UInt8(ascii: "{"))
            bytes += labels.text
            if let bound {
                bytes += labels.count > 0 ? #",le=""#.utf8 : #"le=""#.utf8
                bytes += bound.utf8
                bytes.append(UInt8(ascii: "\""))
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
    }

    /// A value as the format writes it: `1`, `0.25`, `1e-09`, `NaN`, `+Inf`.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Whole numbers without a fraction, as far as a Double counts exactly.
        if value.magnitude < 0x1p53, value == value.rounded(.towardZero) { return "\(Int64(value))" }
        return "\(value)"
    }
}
