import Events
import Glibc
import Testing

/// Memory that ends at a page that must not be touched.
private final class GuardedMemory {
    private let base: UnsafeMutableRawPointer
    private let length: Int
    private let end: UnsafeMutableRawPointer

    init(pages: Int) throws {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        self.length = (pages + 1) * page
        self.base = try #require(
            mmap(nil, self.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        )
        self.end = self.base + pages * page
        try #require(mprotect(self.end, page, PROT_NONE) == 0)
    }

    deinit { munmap(self.base, self.length) }

    /// A copy of the bytes of which the last one is the last byte before the guard page.
    func place(_ bytes: [UInt8]) -> ByteView {
        let start = self.end - bytes.count
        UnsafeMutableRawBufferPointer(start: start, count: bytes.count).copyBytes(from: bytes)
        return ByteView(UnsafeRawBufferPointer(start: start, count: bytes.count))
    }
}

@Suite struct BoundsTests {
    @Test func `nothing behind the last byte of a frame is read`() throws {
        let memory = try GuardedMemory(pages: 4)
        let fields = FieldSet(paths: ["payload.a", "payload.b.c", "event_type"])
        let decoder = EnvelopeDecoder(fields: fields)
        let extractor = FieldExtractor(fields: fields)
        let frame = Array(
            #"{"event_type":"t","timestamp":1763683200.5,"payload":{"a":"\u00e9","b":[{"c":true},-1.5e3,NaN]},"x":null}"#
                .utf8
        )
        for count in 0...frame.count {
            let view = memory.place(Array(frame.prefix(count)))
            let outcome = decoder.decode(view, arrivedAt: arrival)
            if case .envelope = outcome { #expect(count == frame.count) }
            _ = try? extractor.extract(view)
            _ = try? JSONValue.parse(view)
        }
    }

    @Test(arguments: [
        "1", "-", "true", "tru", "t", "nul", "N", "NaN", "Infinity", "-Infinit", "\"", "\"\\", "\"a\"", "1e", "0.",
    ])
    func `a frame that is one cut scalar is not read past`(text: String) throws {
        let memory = try GuardedMemory(pages: 1)
        let decoder = EnvelopeDecoder()
        for prefix in ["", "[", "{\"a\":", "[1,", "{\"a\":1,"] {
            guard case .rejected = decoder.decode(memory.place(Array((prefix + text).utf8)), arrivedAt: arrival) else {
                Issue.record("accepted \(prefix + text)")
                continue
            }
        }
    }

    @Test func `frames of every length up to some blocks end at the guard page`() throws {
        let memory = try GuardedMemory(pages: 1)
        let decoder = EnvelopeDecoder()
        for padding in 0..<300 {
            let frame = legacy(payload: #"{"a":"\#(String(repeating: "x", count: padding))"}"#)
            guard case .envelope = decoder.decode(memory.place(Array(frame.utf8)), arrivedAt: arrival) else {
                Issue.record("refused with \(padding) more bytes")
                continue
            }
        }
    }
}
