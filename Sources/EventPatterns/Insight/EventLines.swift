package import Events

/// Cuts a stream of bytes into the lines of an NDJSON text, without keeping more than one line.
package struct EventLines {
    /// One line that is not blank.
    package enum Line {
        case text(ByteView)
        /// More bytes than a line may have; they were not kept.
        case tooLong
    }

    private let maximumBytes: Int
    private var rest: [UInt8] = []
    private var isSkipping = false
    private var number = 0

    /// - Parameter maximumBytes: Of a line, without its end.
    package init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// Takes the next bytes of the stream.
    /// - Parameter body: Called for each line that ended, with its number from 1; the bytes are gone when it returns.
    package mutating func append(_ bytes: UnsafeRawBufferPointer, _ body: (Int, Line) throws -> Void) rethrows {
        var bytes = bytes
        while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            self.take(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
            try self.endLine(body)
            bytes = UnsafeRawBufferPointer(rebasing: bytes[(end + 1)...])
        }
        self.take(bytes)
    }

    /// The last line may lack its end.
    package mutating func finish(_ body: (Int, Line) throws -> Void) rethrows {
        if !self.rest.isEmpty || self.isSkipping { try self.endLine(body) }
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) {
        guard !self.isSkipping, self.rest.count + bytes.count <= self.maximumBytes else {
            self.isSkipping = true
            self.rest.removeAll(keepingCapacity: true)
            return
        }
        self.rest += bytes
    }

    private mutating func endLine(_ body: (Int, Line) throws -> Void) rethrows {
        self.number += 1
        defer {
            self.rest.removeAll(keepingCapacity: true)
            self.isSkipping = false
        }
        if self.isSkipping { return try body(self.number, .tooLong) }
        guard self.rest.contains(where: { $0 > 0x20 }) else { return }
        try self.rest.withUnsafeBytes { try body(self.number, .text(ByteView($0))) }
    }
}
