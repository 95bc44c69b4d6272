/// Something that owns values itself and writes them when they are asked for.
package protocol MetricsCollector: Sendable {
    /// Writes its families; called at every scrape, from any thread.
    func collect(into writer: inout ExpositionWriter)
}
