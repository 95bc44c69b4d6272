import FoundationEssentials
import Glibc
import PostgresClient
import Reactions

/// Rows on disk that wait for their database, in files of a folder that nobody else uses.
///
/// A row that was appended is on disk, not only on its way there. Reading goes on where it was after a restart, or
/// before that: rows may be written twice, which their keys make harmless. Files are read from the oldest on and removed
/// when all their rows are written.
actor SpillFolder {
    /// Rows that were read, and where the reading goes on.
    struct Piece: Sendable {
        let rows: [StoredRow]
        fileprivate let file: Int
        fileprivate let end: Int64
    }

    private let path: String
    /// Bytes that all files together may have.
    private let limit: Int64
    /// A file that is longer is followed by a new one, so that what is written can be removed.
    private let fileLimit: Int64
    private nonisolated let thread = SerialThread()

    /// Numbers of the files, ascending, with their lengths.
    private var files: [(number: Int, length: Int64)] = []
    /// The file that is written to, and that one of it; nil before the first.
    private var output: CInt?
    private var position: Int64 = 0
    private(set) var damagedBytes: Int64 = 0
    private var lock: CInt = -1
    private var isOpen = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.thread.asUnownedSerialExecutor() }

    init(path: String, limit: Int64, fileLimit: Int64) {
        self.path = path
        self.limit = limit
        self.fileLimit = fileLimit
    }

    deinit {
        if let output { Glibc.close(output) }
        if self.lock >= 0 { Self.unlock(self.lock) }
        self.thread.stop()
    }

    /// Bytes that wait.
    var bytes: Int64 { self.files.reduce(0) { $0 + $1.length } - self.position }

    /// Makes the folder, takes it for this process alone, and finds what an earlier one left.
    func open() throws(HistoryError) {
        guard !self.isOpen else { return }
        do {
            try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
        } catch {
            throw HistoryError(.spill, "cannot make the folder \(self.path)")
        }
        if self.lock < 0 {
            let descriptor = Glibc.open(self.path + "/owner.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw self.failure("cannot use the folder \(self.path)") }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                Glibc.close(descriptor)
                throw HistoryError(.spill, "another process keeps its rows in \(self.path)")
            }
            self.lock = descriptor
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.path)) ?? []
        self.files = names.compactMap(Self.number(ofFile:)).sorted().map { ($0, self.length(of: $0)) }
        self.position = 0
        self.isOpen = true
    }

    /// Gives the folder up; what is in it stays. The next call takes it again.
    func close() {
        self.endOutput()
        if self.lock >= 0 { Self.unlock(self.lock) }
        self.lock = -1
        self.isOpen = false
    }

    /// Closing alone would leave the lock to a child process that is being started and has not closed its copy yet.
    private static func unlock(_ descriptor: CInt) {
        flock(descriptor, LOCK_UN)
        Glibc.close(descriptor)
    }

    /// Appends rows and returns when they are on disk.
    ///
    /// - Returns: False when there is no room within the limit.
    func append(_ rows: [StoredRow]) throws(HistoryError) -> Bool {
        try self.open()
        let piece = SpillFormat.piece(rows)
        guard self.bytes + Int64(piece.count) <= self.limit else { return false }
        let descriptor = try self.outputFile()
        let start = self.files[self.files.count - 1].length
        do throws(HistoryError) {
            try self.write(piece, to: descriptor)
            guard fdatasync(descriptor) == 0 else { throw self.failure("cannot write rows to disk") }
        } catch {
            // Half a piece would hide what is appended behind it.
            if ftruncate(descriptor, off_t(start)) != 0 { self.endOutput() }
            throw error
        }
        self.files[self.files.count - 1].length = start + Int64(piece.count)
        return true
    }

    /// The rows that wait longest; nil when none do.
    func oldest() throws(HistoryError) -> Piece? {
        try self.open()
        while let file = self.files.first {
            if self.position == 0 {
                guard self.read(file.number, at: 0, Int(SpillFormat.header.count)) == SpillFormat.header else {
                    self.skipRest(of: file)
                    continue
                }
                self.position = Int64(SpillFormat.header.count)
            }
            if self.position >= file.length {
                self.removeFirst()
                continue
            }
            if let piece = self.piece(of: file) { return piece }
            self.skipRest(of: file)
        }
        return nil
    }

    /// These rows are written; the next ones are those behind them.
    func remove(_ piece: Piece) {
        guard self.files.first?.number == piece.file else { return }
        self.position = piece.end
        if let file = self.files.first, self.position >= file.length { self.removeFirst() }
    }

    private func piece(of file: (number: Int, length: Int64)) -> Piece? {
        guard let header = self.read(file.number, at: self.position, SpillFormat.pieceHeaderBytes) else { return nil }
        var reader = ByteReader(header)
        guard let count = reader.number(UInt32.self), let checksum = reader.number(UInt32.self),
            count <= SpillFormat.maxPieceBytes,
            let body = self.read(file.number, at: self.position + Int64(SpillFormat.pieceHeaderBytes), Int(count)),
            CRC32.checksum(body) == checksum, let rows = SpillFormat.rows(body)
        else { return nil }
        let end = self.position + Int64(SpillFormat.pieceHeaderBytes) + Int64(count)
        return Piece(rows: rows, file: file.number, end: end)
    }

    /// What is behind a damaged piece cannot be found any more.
    private func skipRest(of file: (number: Int, length: Int64)) {
        self.damagedBytes += max(0, file.length - self.position)
        self.keepDamaged(file.number)
        self.removeFirst()
    }

    /// A damaged file is set aside for a person, one at most.
    private func keepDamaged(_ number: Int) {
        rename(self.file(number), self.path + "/damaged.rows")
    }

    private func removeFirst() {
        let file = self.files.removeFirst()
        if self.files.isEmpty { self.endOutput() }
        unlink(self.file(file.number))
        self.position = 0
    }

    /// The file to append to, which is the newest that this process has made.
    private func outputFile() throws(HistoryError) -> CInt {
        if let output, let file = self.files.last {
            if file.length < self.fileLimit { return output }
            self.endOutput()
        }
        let number = (self.files.last?.number ?? 0) + 1
        let descriptor = Glibc.open(self.file(number), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.failure("cannot make a file in \(self.path)") }
        do throws(HistoryError) {
            try self.write(SpillFormat.header, to: descriptor)
        } catch {
            Glibc.close(descriptor)
            unlink(self.file(number))
            throw error
        }
        self.output = descriptor
        self.files.append((number, Int64(SpillFormat.header.count)))
        self.syncFolder()
        return descriptor
    }

    /// A new file is only there after a crash when its folder says so.
    private func syncFolder() {
        let descriptor = Glibc.open(self.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        Glibc.close(descriptor)
    }

    private func endOutput() {
        if let output { Glibc.close(output) }
        self.output = nil
    }

    private func write(_ bytes: [UInt8], to descriptor: CInt) throws(HistoryError) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                written += count
            } else if errno != EINTR {
                throw self.failure("cannot write rows to disk")
            }
        }
    }

    /// Exactly so many bytes; nil when there are fewer.
    private func read(_ number: Int, at offset: Int64, _ count: Int) -> [UInt8]? {
        let descriptor = Glibc.open(self.file(number), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        var total = 0
        while total < count {
            let found = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress?.advanced(by: total), count - total, off_t(offset) + off_t(total))
            }
            if found > 0 {
                total += found
            } else if found == 0 || errno != EINTR {
                return nil
            }
        }
        return bytes
    }

    private func length(of number: Int) -> Int64 {
        var status = stat()
        return stat(self.file(number), &status) == 0 ? Int64(status.st_size) : 0
    }

    private func failure(_ what: String) -> HistoryError {
        let reason = strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
        return HistoryError(.spill, "\(what): \(reason)")
    }

    private func file(_ number: Int) -> String {
        let digits = String(number)
        return self.path + "/" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits + ".rows"
    }

    private static func number(ofFile name: String) -> Int? {
        guard name.hasSuffix(".rows") else { return nil }
        return Int(name.dropLast(5))
    }
}
