import NIOCore

/// The messages of a successor that are kept until it is known from where on they count, in the form of the wire.
struct KeptMessages {
    private var bytes: ByteBuffer
    /// Where the marker was.
    private var mark: Int?
    private let limit: Int

    /// What a padded parser reads behind a payload.
    static let slack = 64

    init(limit: Int, allocator: ByteBufferAllocator) {
        self.bytes = allocator.buffer(capacity: 0)
        self.limit = limit
    }

    /// Whether no more should be read for now.
    var isFull: Bool { self.bytes.readableBytes >= self.limit }

    mutating func append(_ frame: ScannedFrame) {
        let isPattern = frame.kind == .patternMessage
        self.bytes.writeString(isPattern ? "*4\r\n$8\r\npmessage\r\n" : "*3\r\n$7\r\nmessage\r\n")
        if isPattern { self.appendBulk(frame.pattern) }
        self.appendBulk(frame.channel)
        self.appendBulk(frame.payload)
    }

    private mutating func appendBulk(_ content: UnsafeRawBufferPointer) {
        self.bytes.writeString("$\(content.count)\r\n")
        self.bytes.writeBytes(content)
        self.bytes.writeString("\r\n")
    }

    /// Remembers this place; the first one counts.
    mutating func markHere() {
        self.mark = self.mark ?? self.bytes.writerIndex
    }

    mutating func drop() {
        self.bytes.clear(minimumCapacity: 0)
        self.mark = nil
    }

    /// Takes out what is kept.
    ///
    /// - Parameter fromMark: only what came after the mark.
    mutating func take(fromMark: Bool) -> ByteBuffer {
        var taken = self.bytes
        if fromMark, let mark = self.mark { taken.moveReaderIndex(to: mark) }
        taken.reserveCapacity(minimumWritableBytes: Self.slack)
        self.drop()
        return taken
    }
}
