import Events

/// The state of a run as a store keeps it, complete: a run that is read back decides as the one that was written.
///
/// A compact form, because millions of them are read at a start: numbers of variable length, times relative to the first
/// one, the actions of the original by number. Times are readings of the wall clock.
extension RunContract {
    private static let version: UInt8 = 1

    func bytes(_ clock: SteadyClock) -> [UInt8] {
        let first = clock.reading(self.firstSeen).microseconds
        var writer = ContractWriter(first: first, offset: self.firstSeen &- first)
        writer.byte(Self.version)
        writer.fixed(UInt64(bitPattern: first))
        writer.text(self.tenant)
        writer.byte(
            (self.hasStarted ? 1 : 0) | (self.hasEnded ? 2 : 0) | (self.toldTimeout ? 4 : 0)
                | (self.toldMissing ? 8 : 0) | self.staleness.rawValue << 4
        )
        writer.time(self.lastActivity)
        writer.time(self.pausedAt)
        writer.time(self.askedUntil)
        writer.number(UInt64(self.acknowledgements))
        writer.number(UInt64(self.invalid))
        writer.hashes(self.seen)
        writer.hashes(self.recent)
        writer.number(UInt64(self.slots.count))
        for index in self.slots.indices { self.slots[index].write(into: &writer) }
        writer.number(UInt64(self.expectations.count))
        for expectation in self.expectations { expectation.write(into: &writer) }
        return writer.bytes
    }

    /// Nil for what was not written by `bytes`.
    init?(runID: String, bytes: [UInt8], terms: ContractTerms, clock: SteadyClock) {
        guard !runID.isEmpty, runID.utf8.count <= Self.maxNameBytes else { return nil }
        let run: RunContract? = bytes.withUnsafeBufferPointer { buffer in
            var reader = ContractReader(buffer)
            do throws(ContractReader.Failure) {
                return try Self.read(runID, &reader, terms, clock)
            } catch {
                return nil
            }
        }
        guard let run else { return nil }
        self = run
    }

    private static func read(
        _ runID: String,
        _ reader: inout ContractReader,
        _ terms: ContractTerms,
        _ clock: SteadyClock
    ) throws(ContractReader.Failure) -> RunContract {
        guard try reader.byte() == Self.version else { throw .unreadable }
        let first = Int64(bitPattern: try reader.fixed())
        reader.base = clock.instant(ofReading: Timestamp(microseconds: first))
        var run = RunContract(runID: runID, tenant: try reader.text(), terms: terms, at: reader.base)
        let flags = try reader.byte()
        guard flags < 64, let staleness = Staleness(rawValue: flags >> 4) else { throw .unreadable }
        run.staleness = staleness
        run.hasStarted = flags & 1 != 0
        run.hasEnded = flags & 2 != 0
        run.toldTimeout = flags & 4 != 0
        run.toldMissing = flags & 8 != 0
        run.lastActivity = try reader.time()
        run.pausedAt = try reader.time()
        run.askedUntil = try reader.time()
        run.acknowledgements = try reader.small()
        run.invalid = try reader.small()
        run.seen = try Self.hashes(&reader)
        run.recent = try Self.hashes(&reader)
        let slots = try reader.number()
        guard slots <= UInt64(Self.maxActions) else { throw .unreadable }
        run.slots.reserveCapacity(Int(slots))
        for _ in 0..<slots { run.slots.append(try Slot(&reader, terms)) }
        let expectations = try reader.number()
        guard expectations <= UInt64(Self.maxExpectations) else { throw .unreadable }
        run.expectations.reserveCapacity(Int(expectations))
        for _ in 0..<expectations { run.expectations.append(try Expectation(&reader, slots: run.slots.count)) }
        guard reader.isAtEnd else { throw .unreadable }
        return run
    }

    private static func hashes(_ reader: inout ContractReader) throws(ContractReader.Failure) -> [UInt64] {
        let count = try reader.number()
        guard count <= UInt64(reader.left / 8) else { throw .unreadable }
        var hashes: [UInt64] = []
        hashes.reserveCapacity(Int(count))
        for _ in 0..<count { hashes.append(try reader.fixed()) }
        return hashes
    }
}

extension RunContract.Slot {
    /// Written as their number, counted from 1; their order is part of the form.
    private static let known: [AuditedAction] = [
        .createIncident, .evaluatePolicy, .startTrace, .completeTrace, .finalizeRun,
    ]

    static func number(of action: AuditedAction) -> UInt8 {
        Self.known.firstIndex(of: action).map { UInt8($0 + 1) } ?? 0
    }

    fileprivate func write(into writer: inout ContractWriter) {
        writer.byte(self.number)
        if self.number == 0 {
            writer.text(self.action.domain)
            writer.text(self.action.action)
        }
        writer.number(UInt64(self.expected))
        writer.number(UInt64(self.succeeded))
        writer.number(UInt64(self.failed))
        writer.number(UInt64(self.rolledBack))
        writer.number(UInt64(self.passed))
        writer.number(UInt64(self.toldDrift))
        writer.number(self.toldFailed ? 1 : 0)
        writer.time(self.driftCheck)
    }

    fileprivate init(_ reader: inout ContractReader, _ terms: ContractTerms) throws(ContractReader.Failure) {
        let number = Int(try reader.byte())
        guard number <= Self.known.count else { throw .unreadable }
        let action =
            number > 0 ? Self.known[number - 1] : AuditedAction(try reader.text(), try reader.text())
        self.init(action: action, isEnd: action == terms.definition.finalize)
        self.allowed = UInt16(clamping: terms.allowance(action))
        self.expected = try reader.small()
        self.succeeded = try reader.small()
        self.failed = try reader.small()
        self.rolledBack = try reader.small()
        self.passed = try reader.small()
        self.toldDrift = try reader.small()
        self.toldFailed = try reader.small() != 0
        self.driftCheck = try reader.time()
    }
}

extension RunContract.Expectation {
    fileprivate func write(into writer: inout ContractWriter) {
        writer.byte(self.slot)
        writer.byte((self.isDerived ? 1 : 0) | (self.isPassed ? 2 : 0))
        writer.time(self.due)
        writer.number(UInt64(bitPattern: self.length))
    }

    fileprivate init(_ reader: inout ContractReader, slots: Int) throws(ContractReader.Failure) {
        let slot = try reader.byte()
        let flags = try reader.byte()
        guard Int(slot) < slots, flags < 4 else { throw .unreadable }
        let due = try reader.time()
        let length = Int64(bitPattern: try reader.number())
        self.init(due: due, length: length, slot: slot, isDerived: flags & 1 != 0, isPassed: flags & 2 != 0)
    }
}

/// Writes numbers of variable length: seven bits a byte, the lowest first.
private struct ContractWriter {
    private(set) var bytes: [UInt8] = []
    private let first: Int64
    /// What instants lie before the readings that they are written as.
    private let offset: Int64

    init(first: Int64, offset: Int64) {
        self.first = first
        self.offset = offset
        self.bytes.reserveCapacity(192)
    }

    mutating func byte(_ byte: UInt8) { self.bytes.append(byte) }

    mutating func fixed(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            self.bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.bytes.append(UInt8(rest))
    }

    mutating func hashes(_ hashes: [UInt64]) {
        self.number(UInt64(hashes.count))
        for hash in hashes { self.fixed(hash) }
    }

    /// 0 for an instant that never comes.
    mutating func time(_ instant: Int64) {
        guard instant != .max else { return self.number(0) }
        let distance = instant &- self.offset &- self.first
        self.number(UInt64(bitPattern: distance << 1 ^ distance >> 63) &+ 1)
    }

    mutating func text(_ text: String) {
        self.number(UInt64(text.utf8.count))
        self.bytes.append(contentsOf: text.utf8)
    }
}

/// Reads what `ContractWriter` writes, and nothing beyond its end.
private struct ContractReader {
    enum Failure: Error {
        case unreadable
    }

    /// The instant that times are relative to.
    var base: Int64 = 0
    private let buffer: UnsafeBufferPointer<UInt8>
    private var place = 0

    init(_ buffer: UnsafeBufferPointer<UInt8>) { self.buffer = buffer }

    var isAtEnd: Bool { self.place == self.buffer.count }
    var left: Int { self.buffer.count - self.place }

    mutating func byte() throws(Failure) -> UInt8 {
        guard self.place < self.buffer.count else { throw .unreadable }
        defer { self.place += 1 }
        return self.buffer[self.place]
    }

    mutating func fixed() throws(Failure) -> UInt64 {
        guard self.left >= 8 else { throw .unreadable }
        let value = UnsafeRawPointer(self.buffer.baseAddress! + self.place).loadUnaligned(as: UInt64.self)
        self.place += 8
        return UInt64(littleEndian: value)
    }

    mutating func number() throws(Failure) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            let byte = try self.byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        throw .unreadable
    }

    /// A count. None comes close to the limit, so that counting on from there is safe.
    mutating func small() throws(Failure) -> UInt16 {
        let value = try self.number()
        guard value <= 0x3FFF else { throw .unreadable }
        return UInt16(value)
    }

    mutating func time() throws(Failure) -> Int64 {
        let value = try self.number()
        guard value > 0 else { return .max }
        let zigzag = value &- 1
        return self.base &+ (Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1))
    }

    mutating func text() throws(Failure) -> String {
        let count = try self.number()
        guard count <= UInt64(self.left) else { throw .unreadable }
        defer { self.place += Int(count) }
        return String(decoding: self.buffer[self.place..<(self.place + Int(count))], as: UTF8.self)
    }
}
