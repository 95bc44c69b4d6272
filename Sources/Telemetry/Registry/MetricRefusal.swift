/// Why a metric is not exposed; the raw values are label values.
package enum MetricRefusal: String, Error, Sendable, CaseIterable {
    case illegalName = "illegal_name"
    case illegalLabel = "illegal_label"
    /// The name is already used for a metric of another type.
    case typeClash = "type_clash"
    /// The name is already used with other labels, or with none.
    case labelClash = "label_clash"
    /// A collector wrote a family that had already been written.
    case writtenTwice = "written_twice"
}
