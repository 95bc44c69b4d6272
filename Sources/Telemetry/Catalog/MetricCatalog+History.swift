extension MetricCatalog {
    /// What is kept of what happened. Rows that are recorded are written, spilled and then written, merged, or refused.
    package enum History {
        package static let recorded = MetricDescription(
            "aos_history_recorded_total",
            .counter,
            help: "Rows that history has taken."
        )
        package static let merged = MetricDescription(
            "aos_history_merged_total",
            .counter,
            help: "Rows about how a run stands that took the place of one that waited."
        )
        package static let written = MetricDescription(
            "aos_history_written_total",
            .counter,
            help: "Rows that the database of history has taken, from memory or from disk."
        )
        package static let spilled = MetricDescription(
            "aos_history_spilled_total",
            .counter,
            help: "Rows that went to disk because the database was away or too slow."
        )
        package static let lost = MetricDescription(
            "aos_history_lost_total",
            .counter,
            help: "Rows for which there was room neither in memory nor on disk."
        )
        package static let refused = MetricDescription(
            "aos_history_refused_total",
            .counter,
            help: "Rows that the database refused for what they are."
        )
        package static let retired = MetricDescription(
            "aos_history_retired_total",
            .counter,
            help: "Rows removed because of their age, or to keep the database small."
        )
        package static let skipped = MetricDescription(
            "aos_history_quarantine_skipped_total",
            .counter,
            help: "Quarantined frames that were not recorded because there were too many in one second."
        )
        package static let skippedEvents = MetricDescription(
            "aos_history_events_skipped_total",
            .counter,
            help: "Events of runs that were not recorded because history was behind."
        )
        package static let damaged = MetricDescription(
            "aos_history_damaged_bytes",
            .gauge,
            help: "Bytes of spilled rows that could not be read back since the start.",
            unit: .bytes
        )
        package static let buffered = MetricDescription(
            "aos_history_buffered_rows",
            .gauge,
            help: "Rows in memory that are not stored yet."
        )
        package static let bufferLimit = MetricDescription(
            "aos_history_buffer_limit_rows",
            .gauge,
            help: "Rows that may wait in memory."
        )
        package static let spillBytes = MetricDescription(
            "aos_history_spill_bytes",
            .gauge,
            help: "Bytes on disk that wait for the database.",
            unit: .bytes
        )
        package static let receipts = MetricDescription(
            "aos_history_receipts_total",
            .counter,
            help: "Receipts taken over from the state store."
        )
        package static let receiptGaps = MetricDescription(
            "aos_history_receipt_gaps_total",
            .counter,
            help: "Times that the state store had let go of receipts before history had them."
        )
        package static let trouble = MetricDescription(
            "aos_history_trouble",
            .gauge,
            help: "Whether the database of history cannot be written to now (1) or can (0).",
            unit: .flag
        )

        static let all = [
            recorded, merged, written, spilled, lost, refused, retired, skipped, skippedEvents, damaged, buffered,
            bufferLimit,
            spillBytes, receipts, receiptGaps, trouble,
        ]
    }
}
