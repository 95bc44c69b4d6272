import Reactions
import Telemetry

/// Writes the metrics of history; nothing when there is none.
struct HistoryMetrics {
    private typealias Catalog = MetricCatalog.History

    let figures: HistoryFigures?
    let archive: ReceiptArchive.Counts
    let skipped: UInt64
    let skippedEvents: UInt64

    func write(into writer: inout ExpositionWriter) {
        guard let figures else { return }
        writer.family(Catalog.recorded, UInt64(figures.recorded))
        writer.family(Catalog.merged, UInt64(figures.merged))
        writer.family(Catalog.written, UInt64(figures.written))
        writer.family(Catalog.spilled, UInt64(figures.spilled))
        writer.family(Catalog.lost, UInt64(figures.lost))
        writer.family(Catalog.refused, UInt64(figures.refused))
        writer.family(Catalog.retired, UInt64(figures.retired))
        writer.family(Catalog.skipped, self.skipped)
        writer.family(Catalog.skippedEvents, self.skippedEvents)
        writer.family(Catalog.damaged, UInt64(clamping: figures.damagedBytes))
        writer.family(Catalog.buffered, UInt64(figures.buffered))
        writer.family(Catalog.bufferLimit, UInt64(figures.bufferLimit))
        writer.family(Catalog.spillBytes, UInt64(clamping: figures.spillBytes))
        writer.family(Catalog.receipts, self.archive.archived)
        writer.family(Catalog.receiptGaps, self.archive.gaps)
        writer.family(Catalog.trouble, figures.trouble != nil)
    }
}
