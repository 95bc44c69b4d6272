/// A receipt with what it is about, as a store keeps it.
package struct DecisionRecord: Sendable, Hashable {
    /// The place in the order of decisions; what a page of answers ends with and the next one begins behind.
    package var cursor: String
    package var subject: AlertSubject
    package var receipt: Receipt

    package init(cursor: String, subject: AlertSubject, receipt: Receipt) {
        self.cursor = cursor
        self.subject = subject
        self.receipt = receipt
    }

    /// The first of all for a cursor that is no place.
    package var place: DecisionPlace { DecisionPlace(self.cursor) ?? DecisionPlace(milliseconds: 0, number: 0) }
}

/// What was decided behind a place, the oldest first.
package struct DecisionTail: Sendable, Hashable {
    package var records: [DecisionRecord]
    /// The place up to which was looked; nil when there is nothing at all.
    package var end: String?
    /// Whether there may be more behind that.
    package var hasMore: Bool
    /// Whether the place is no longer kept, so that decisions between it and the first record may be missing.
    package var hasGap: Bool

    package init(records: [DecisionRecord], end: String?, hasMore: Bool, hasGap: Bool) {
        self.records = records
        self.end = end
        self.hasMore = hasMore
        self.hasGap = hasGap
    }
}
