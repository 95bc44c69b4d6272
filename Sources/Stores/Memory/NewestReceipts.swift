import Events
import Reactions

/// The newest receipts, in their order.
///
/// A ring in an array: a new one takes the place of the oldest where that lies. To take the oldest out first, as a queue
/// does, would count what it refers to once more, which takes time for what has been in no cache for long.
struct NewestReceipts {
    private struct Kept {
        let place: DecisionPlace
        let subject: AlertSubject
        let receipt: Receipt
    }

    private let capacity: Int
    private var ring: [Kept] = []
    /// Where the oldest lies.
    private var start = 0
    private var newest = DecisionPlace(milliseconds: 0, number: 0)
    /// The newest place that is no longer kept.
    private(set) var forgotten: DecisionPlace?

    init(capacity: Int) { self.capacity = max(0, capacity) }

    var count: Int { self.ring.count }

    mutating func append(_ receipt: Receipt, _ subject: AlertSubject) {
        let milliseconds = UInt64(max(0, receipt.decidedAt.microseconds / 1000))
        self.newest =
            milliseconds > self.newest.milliseconds
            ? DecisionPlace(milliseconds: milliseconds, number: 0)
            : DecisionPlace(milliseconds: self.newest.milliseconds, number: self.newest.number + 1)
        let kept = Kept(place: self.newest, subject: subject, receipt: receipt)
        if self.ring.count < self.capacity {
            self.ring.append(kept)
        } else if self.capacity > 0 {
            self.forgotten = self.ring[self.start].place
            self.ring[self.start] = kept
            self.start = self.start + 1 == self.capacity ? 0 : self.start + 1
        } else {
            self.forgotten = self.newest
        }
    }

    /// - Parameter number: 0 for the oldest that is kept.
    subscript(number: Int) -> DecisionRecord {
        let kept = self.ring[self.index(number)]
        return DecisionRecord(cursor: kept.place.text, subject: kept.subject, receipt: kept.receipt)
    }

    /// How many stand before a place.
    func count(before place: DecisionPlace) -> Int {
        var (low, high) = (0, self.ring.count)
        while low < high {
            let middle = (low + high) / 2
            if self.ring[self.index(middle)].place < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func index(_ number: Int) -> Int {
        let index = self.start + number
        return index < self.ring.count ? index : index - self.ring.count
    }
}
