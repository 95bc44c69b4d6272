/// One frame that the scanner found, as views into the bytes it was found in.
///
/// The views are good until the scanner is called again or the receive buffer goes away, whichever comes first.
package struct ScannedFrame {
    package enum Kind: UInt8, Sendable {
        /// An event on a subscribed channel: `channel`, `payload`.
        case message
        /// An event on a subscribed pattern: `pattern`, `channel`, `payload`.
        case patternMessage
        /// Confirmation; `channel` is the channel or pattern, `integer` the number of subscriptions left.
        case subscribed
        case patternSubscribed
        case unsubscribed
        case patternUnsubscribed
        /// The array that a subscribed connection answers PING with; `payload` is the text sent along. Without any
        /// subscription the answer is the simple string `PONG`, or the text as a bulk.
        case pong
        /// `+text`, in `payload`.
        case simple
        /// `-text`, in `payload`.
        case error
        /// `:number`, in `integer`.
        case integer
        /// A bulk string, in `payload`.
        case bulk
        /// A null bulk or a null array.
        case null
        /// Any other array; `payload` is the whole frame as it was sent.
        case array
        /// An event above `maxEventBytes`: `channel` (and `pattern`), `integer` its length, `payload` its first bytes.
        case oversize
    }

    package var kind: Kind
    package var pattern: UnsafeRawBufferPointer
    package var channel: UnsafeRawBufferPointer
    package var payload: UnsafeRawBufferPointer

    /// How many bytes may be read from the start of `payload`: at least `payload.count`. A parser that reads in blocks
    /// needs no copy when this exceeds the payload by its padding.
    package var readable: Int

    package var integer: Int64

    @inlinable
    package init(
        _ kind: Kind,
        pattern: UnsafeRawBufferPointer = .init(start: nil, count: 0),
        channel: UnsafeRawBufferPointer = .init(start: nil, count: 0),
        payload: UnsafeRawBufferPointer = .init(start: nil, count: 0),
        readable: Int = 0,
        integer: Int64 = 0
    ) {
        self.kind = kind
        self.pattern = pattern
        self.channel = channel
        self.payload = payload
        self.readable = readable
        self.integer = integer
    }
}
