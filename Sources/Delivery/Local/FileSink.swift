package import Events
import Glibc
import NIOPosix
package import Reactions

/// Receiver `file`: one line of JSON for each notification, appended.
///
/// Each line is one write to a file opened for appending, under a lock, so writers of several processes do not mix, and it
/// is on the disk before it counts as delivered. The file is opened for each line: whoever rotates it only has to move it away.
package struct FileSink: AlertSink {
    /// Bytes of a line, at most.
    private static let maxLineBytes = 256 * 1024

    package let name: String
    private let path: String

    package var kind: ReceiverKind { .file }

    /// - Parameter path: made with mode 0640 when it is missing; its folder is not.
    package init(name: String, path: String) {
        self.name = name
        self.path = path
    }

    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        let line: JSONValue = [
            "type": .string(AlertPayload.type), "timestamp": .string(now.iso8601),
            "data": AlertPayload.data(notification, maxBytes: Self.maxLineBytes),
        ]
        let bytes = line.compactBytes + [UInt8(ascii: "\n")]
        do {
            try await NIOThreadPool.singleton.runIfActive { try Self.append(bytes, to: self.path) }
            return .delivered
        } catch let error as FileError {
            return .retry(reason: error.reason)
        } catch {
            if Task.isCancelled { throw CancellationError() }
            return .retry(reason: "the file was not written: \(type(of: error))")
        }
    }

    private struct FileError: Error {
        let reason: String

        init(_ doing: String, _ number: Int32 = errno) {
            self.reason = "\(doing): \(SystemError.text(number))"
        }

        init(reason: String) { self.reason = reason }
    }

    private static func append(_ bytes: [UInt8], to path: String) throws(FileError) {
        // Non-blocking for the sake of pipes that nobody reads; files do not care.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o640)
        guard descriptor >= 0 else { throw FileError("cannot open the file") }
        defer {
            // Closing alone would leave the lock to a child process that is being started and still has its copy.
            flock(descriptor, LOCK_UN)
            close(descriptor)
        }
        // While another one writes, its line looks like one that was cut.
        try Self.lock(descriptor)
        // A line that was cut by a full disk must not swallow this one.
        let bytes = Self.endsInsideLine(path) ? [UInt8(ascii: "\n")] + bytes : bytes
        var written: Int
        repeat {
            written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        } while written < 0 && errno == EINTR
        guard written >= 0 else { throw FileError("cannot write") }
        // Others need not wait for the disk.
        flock(descriptor, LOCK_UN)
        guard written == bytes.count else {
            throw FileError(reason: "only \(written) of \(bytes.count) bytes could be written")
        }
        guard fdatasync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw FileError("cannot write to the disk")
        }
    }

    /// Waits up to five seconds for those who write at the moment. What knows no locks (some network file systems) has none.
    private static func lock(_ descriptor: Int32) throws(FileError) {
        for _ in 0..<1_000 {
            guard flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR else { return }
            usleep(5_000)
        }
        throw FileError(reason: "somebody else holds the file's lock")
    }

    private static func endsInsideLine(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // A pipe or a terminal has no end to look at.
        let size = lseek(descriptor, 0, SEEK_END)
        guard size > 0 else { return false }
        var last: UInt8 = 0
        return pread(descriptor, &last, 1, size - 1) == 1 && last != UInt8(ascii: "\n")
    }
}
