import DequeModule
import Events
import Reactions

/// The newest receipts, in their order.
///
/// What was decided at one time is kept as it was answered: one reference, where single receipts would have to be copied
/// with all that they refer to. So up to one such answer more than the newest is held in memory.
struct NewestReceipts {
    /// Receipts whose places follow each other.
    private struct Batch {
        let place: DecisionPlace
        /// How many receipts there were before the first one, in all.
        let start: Int
        let subjects: [AlertSubject]
        let receipts: [Receipt]

        var end: Int { self.start + self.receipts.count }

        func place(of number: Int) -> DecisionPlace {
            DecisionPlace(
                milliseconds: self.place.milliseconds,
                number: self.place.number + UInt64(number - self.start)
            )
        }
    }

    private let capacity: Int
    private var batches: Deque<Batch> = []
    /// How many receipts there were, those among them that are no longer kept.
    private var total = 0
    private var newest = DecisionPlace(milliseconds: 0, number: 0)
    /// The newest place that is no longer kept.
    private(set) var forgotten: DecisionPlace?

    init(capacity: Int) { self.capacity = max(0, capacity) }

    var count: Int { min(self.total, self.capacity) }

    /// The oldest that is kept, by how many there were before it.
    private var oldest: Int { self.total - self.count }

    /// Receipts of one time, and what each of them is about.
    mutating func append(_ receipts: [Receipt], _ subjects: [AlertSubject]) {
        guard let decidedAt = receipts.first?.decidedAt else { return }
        let milliseconds = UInt64(max(0, decidedAt.microseconds / 1000))
        let first =
            milliseconds > self.newest.milliseconds
            ? DecisionPlace(milliseconds: milliseconds, number: 0)
            : DecisionPlace(milliseconds: self.newest.milliseconds, number: self.newest.number + 1)
        let batch = Batch(place: first, start: self.total, subjects: subjects, receipts: receipts)
        self.batches.append(batch)
        self.total = batch.end
        self.newest = batch.place(of: batch.end - 1)
        self.forget()
    }

    private mutating func forget() {
        guard self.oldest > 0 else { return }
        while let batch = self.batches.first, batch.end <= self.oldest {
            self.forgotten = batch.place(of: batch.end - 1)
            self.batches.removeFirst()
        }
        if let batch = self.batches.first, batch.start < self.oldest {
            self.forgotten = batch.place(of: self.oldest - 1)
        }
    }

    /// - Parameter number: 0 for the oldest that is kept.
    subscript(number: Int) -> DecisionRecord {
        let number = self.oldest + number
        let batch = self.batches[self.batch { $0.end <= number }]
        return DecisionRecord(
            cursor: batch.place(of: number).text,
            subject: batch.subjects[number - batch.start],
            receipt: batch.receipts[number - batch.start]
        )
    }

    /// How many stand before a place.
    func count(before place: DecisionPlace) -> Int {
        let index = self.batch { $0.place(of: $0.end - 1) < place }
        guard index < self.batches.count else { return self.count }
        let batch = self.batches[index]
        // All of a batch are of one time, so that what lies within it has that time too.
        let inside = batch.place < place ? Int(place.number - batch.place.number) : 0
        return max(0, batch.start + inside - self.oldest)
    }

    /// The first batch of which something does not hold that holds of those before.
    private func batch(where isBefore: (Batch) -> Bool) -> Int {
        var (low, high) = (0, self.batches.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self.batches[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
