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

    /// Takes out of the count what came a second time.
    ///
    /// - Parameters:
    ///   - debt: how many of the next messages may be repetitions; what is taken out is taken off it.
    ///   - earlier: the tally from before the messages that are to be looked at.
    mutating func pay(_ debt: inout DeliveryTally, since earlier: DeliveryTally) {
        let channel = min(debt.channelMessages, self.channelMessages &- earlier.channelMessages)
        let pattern = min(debt.patternMessages, self.patternMessages &- earlier.patternMessages)
        self.channelMessages &-= channel
        self.patternMessages &-= pattern
        debt.channelMessages &-= channel
        debt.patternMessages &-= pattern
    }

    /// What was delivered since an earlier tally.
    func since(_ earlier: DeliveryTally) -> DeliveryTally {
        DeliveryTally(
            channelMessages: self.channelMessages &- earlier.channelMessages,
            patternMessages: self.patternMessages &- earlier.patternMessages,
            bytes: self.bytes &- earlier.bytes
        )
    }

    /// Whether messages are counted in it.
    var hasMessages: Bool { self.channelMessages != 0 || self.patternMessages != 0 }

    /// How many different published messages arrived between an earlier tally and this one, at the least.
    func distinct(since earlier: DeliveryTally, patterns: Int) -> UInt64 {
        let channel = self.channelMessages &- earlier.channelMessages
        let pattern = self.patternMessages &- earlier.patternMessages
        let count = UInt64(max(1, patterns))
        return max(channel, (pattern + count - 1) / count)
    }
}
