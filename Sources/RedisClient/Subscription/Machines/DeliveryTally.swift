/// How much a subscription has delivered since it was made.
@usableFromInline
struct DeliveryTally: Equatable, Sendable {
    /// Messages that came through a channel target. One published message comes at most once this way.
    @usableFromInline
    var channelMessages: UInt64 = 0

    /// Messages that came through a pattern target. One published message comes once for every pattern that accepts it.
    @usableFromInline
    var patternMessages: UInt64 = 0

    /// Bytes of all frames.
    var bytes: UInt64 = 0

    /// How many different published messages arrived between an earlier tally and this one, at the least.
    func distinct(since earlier: DeliveryTally, patterns: Int) -> UInt64 {
        let channel = self.channelMessages &- earlier.channelMessages
        let pattern = self.patternMessages &- earlier.patternMessages
        let count = UInt64(max(1, patterns))
        return max(channel, (pattern + count - 1) / count)
    }
}
