package import Events

/// The channels that frames came from, numbered, so that a frame in the ring carries four bytes instead of a name.
///
/// Bounded: a subscription by pattern may see any number of channels; those beyond the bound share one number.
package struct ChannelNames {
    package static let capacity = 1024
    /// The name of all channels beyond the bound.
    package static let other = "other"

    private var names: [[UInt8]] = []

    package init() {}

    package mutating func number(of channel: ByteView) -> UInt32 {
        if let index = self.names.firstIndex(where: { $0.elementsEqual(channel.buffer) }) { return UInt32(index) }
        guard self.names.count < Self.capacity else { return UInt32(Self.capacity) }
        self.names.append(channel.bytes)
        return UInt32(self.names.count - 1)
    }

    package func name(_ number: UInt32) -> String {
        self.names.indices.contains(Int(number)) ? String(decoding: self.names[Int(number)], as: UTF8.self) : Self.other
    }

    package func name(of origin: FrameOrigin) -> String {
        switch origin {
        case .live(let channel): channel.string
        case .stored(let number): self.name(number)
        }
    }
}

/// The channel of a frame, named only when somebody asks.
package enum FrameOrigin {
    /// Straight from the receive buffer.
    case live(ByteView)
    /// From the ring.
    case stored(UInt32)
}
