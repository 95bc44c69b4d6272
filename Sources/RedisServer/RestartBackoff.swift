/// How long to wait before a server that died is started again: not at all the first time, then 50 ms, doubled at
/// each further death up to 5 s. A life of ten seconds forgets the past.
struct RestartBackoff: Sendable {
    private var deaths = 0

    /// The delay after a life of the given length.
    mutating func delay(afterLifeOf life: Duration) -> Duration {
        if life >= .seconds(10) { self.deaths = 0 }
        defer { self.deaths += 1 }
        guard self.deaths > 0 else { return .zero }
        return min(.milliseconds(50) * (1 << min(self.deaths - 1, 10)), .seconds(5))
    }
}
