import Glibc

/// What a subscription says to itself on its private channel, and how it is told from messages.
struct PrivateChannel {
    /// What a frame is to the subscription.
    enum Classification {
        /// A message for the sink.
        case message
        /// A message that concerns neither the sink nor us: another subscription's private one, seen through a pattern.
        case ignored
        /// One of our own private messages, seen a second time through a pattern.
        case ownCopy
        case probe(UInt64)
        case marker(UInt64)
        case control(LinkControl)
    }

    /// Name of the channel, as bytes.
    let name: [UInt8]

    private let probePrefix: [UInt8]
    private let markerPrefix: [UInt8]
    private static let family = Array(SubscriptionSettings.privateChannelPrefix.utf8)

    /// - Parameter token: what tells our messages from those of somebody who uses the same instance name.
    init(name: String, token: String) {
        self.name = Array(name.utf8)
        self.probePrefix = Array("probe \(token) ".utf8)
        self.markerPrefix = Array("marker \(token) ".utf8)
    }

    func probe(_ number: UInt64) -> [UInt8] { self.probePrefix + Array("\(number)".utf8) }

    func marker(_ number: UInt64) -> [UInt8] { self.markerPrefix + Array("\(number)".utf8) }

    func classify(_ frame: ScannedFrame) -> Classification {
        switch frame.kind {
        case .message: self.classifyMessage(frame)
        case .patternMessage: self.classifyPatternMessage(frame)
        case .subscribed: .control(.confirmed(Array(frame.channel), isPattern: false))
        case .patternSubscribed: .control(.confirmed(Array(frame.channel), isPattern: true))
        case .unsubscribed: .control(.unconfirmed(Array(frame.channel), isPattern: false))
        case .patternUnsubscribed: .control(.unconfirmed(Array(frame.channel), isPattern: true))
        case .pong: .control(.pong(Self.number(frame.payload) ?? 0))
        case .oversize: .control(.oversize(OversizeMessage(frame)))
        case .error: .control(.error(RedisError(reply: frame.payload)))
        case .simple, .integer, .bulk, .null, .array: .control(.unexpected)
        }
    }

    private func classifyMessage(_ frame: ScannedFrame) -> Classification {
        guard Self.isEqual(frame.channel, self.name) else { return .message }
        if let number = Self.number(frame.payload, after: self.probePrefix) { return .probe(number) }
        if let number = Self.number(frame.payload, after: self.markerPrefix) { return .marker(number) }
        return .ignored
    }

    private func classifyPatternMessage(_ frame: ScannedFrame) -> Classification {
        guard Self.begins(frame.channel, with: Self.family) else { return .message }
        guard Self.isEqual(frame.channel, self.name) else { return .ignored }
        let isOwn =
            Self.number(frame.payload, after: self.probePrefix) != nil
            || Self.number(frame.payload, after: self.markerPrefix) != nil
        return isOwn ? .ownCopy : .ignored
    }

    private static func isEqual(_ bytes: UnsafeRawBufferPointer, _ name: [UInt8]) -> Bool {
        bytes.count == name.count && Self.begins(bytes, with: name)
    }

    private static func begins(_ bytes: UnsafeRawBufferPointer, with prefix: [UInt8]) -> Bool {
        guard bytes.count >= prefix.count, let base = bytes.baseAddress else { return prefix.isEmpty }
        return memcmp(base, prefix, prefix.count) == 0
    }

    private static func number(_ text: UnsafeRawBufferPointer, after prefix: [UInt8]) -> UInt64? {
        guard Self.begins(text, with: prefix) else { return nil }
        return Self.number(UnsafeRawBufferPointer(rebasing: text.dropFirst(prefix.count)))
    }

    private static func number(_ digits: UnsafeRawBufferPointer) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 19 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            number = number * 10 + UInt64(digit - 0x30)
        }
        return number
    }
}

/// What arrives on a link besides messages.
enum LinkControl: Equatable {
    case confirmed([UInt8], isPattern: Bool)
    case unconfirmed([UInt8], isPattern: Bool)
    case pong(UInt64)
    /// A probe, and how much had been delivered before it.
    case probe(UInt64, DeliveryTally)
    case marker(UInt64)
    case oversize(OversizeMessage)
    /// The server refused something.
    case error(RedisError)
    /// A reply that nothing was asked for.
    case unexpected
}

extension OversizeMessage {
    init(_ frame: ScannedFrame) {
        self.init(channel: Array(frame.channel), length: Int(frame.integer), prefix: Array(frame.payload))
    }
}
