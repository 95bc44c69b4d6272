import Glibc
import Synchronization
import Telemetry

/// The file of a unix socket, from before it is bound until it is removed.
///
/// The socket is bound inside a fresh directory that only this user can enter, made private, and only then moved to its
/// path: there is no moment at which others could connect, and no umask is changed under other threads.
final class UnixSocketFile: Sendable {
    private let path: String
    private let stage: String
    /// The socket that was moved to `path`.
    private let published = Mutex<FileStatus.Identity?>(nil)

    /// Where the socket is to be bound.
    var bindPath: String { self.stage + "/s" }

    /// Checks the directory and what stands at the path, and makes the directory for binding.
    init(path: String) throws(AdminServerError) {
        self.path = path
        let directory = Self.directory(of: path)
        // The name of the stage is longer than most names of sockets; sun_path holds 107 bytes and a zero.
        guard max(path.utf8.count, directory.utf8.count + Self.stageName.utf8.count + 3) <= 107 else {
            throw AdminServerError(code: .socketPathTooLong, message: "the path of the socket is too long: \(path)")
        }
        try Self.check(directory: directory)
        try Self.check(existing: path)
        var template = Array((directory + "/" + Self.stageName).utf8CString)
        guard mkdtemp(&template) != nil else { throw AdminServerError(binding: .unix(path: path), errno: errno) }
        self.stage = template.withUnsafeBufferPointer { String(decoding: $0.dropLast().map(UInt8.init), as: UTF8.self) }
    }

    /// Makes the bound socket private and moves it to its path, over a stale one.
    func publish() throws(AdminServerError) {
        guard let status = FileStatus(self.bindPath, followsLinks: false), chmod(self.bindPath, 0o600) == 0,
            rename(self.bindPath, self.path) == 0
        else { throw AdminServerError(binding: .unix(path: self.path), errno: errno) }
        self.published.withLock { $0 = status.identity }
        rmdir(self.stage)
    }

    /// Removes what is left: the stage, and the socket unless another program has put its own there since.
    func remove() {
        unlink(self.bindPath)
        rmdir(self.stage)
        let published = self.published.withLock { $0.take() }
        guard let published, FileStatus(self.path, followsLinks: false)?.identity == published else { return }
        unlink(self.path)
    }
}

extension UnixSocketFile {
    /// Filled in by `mkdtemp`.
    private static let stageName = ".aos-XXXXXX"

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "" }
        return String(path[..<slash])
    }

    /// The directory is ours or root's, and nobody else may rename what is in it. Its last part is made if missing.
    private static func check(directory: String) throws(AdminServerError) {
        let directory = directory.isEmpty ? "/" : directory
        if FileStatus(directory, followsLinks: true) == nil, mkdir(directory, 0o700) != 0 {
            throw Self.unsafe(directory, "cannot be made: \(String(cString: strerror(errno)))")
        }
        // Followed through a link: what counts is the directory at its end.
        guard let status = FileStatus(directory, followsLinks: true), status.kind == .directory else {
            throw Self.unsafe(directory, "is no directory")
        }
        guard status.owner == geteuid() || status.owner == 0 else {
            throw Self.unsafe(directory, "belongs to another user")
        }
        guard !status.letsOthersReplaceEntries else {
            throw Self.unsafe(directory, "can be written by others")
        }
    }

    private static func unsafe(_ directory: String, _ reason: String) -> AdminServerError {
        AdminServerError(
            code: .socketDirectoryUnsafe,
            message: "the directory of the socket, \(directory), \(reason)"
        )
    }

    /// Nothing stands at the path, or a socket of ours that nobody listens on any more.
    private static func check(existing path: String) throws(AdminServerError) {
        guard let status = FileStatus(path, followsLinks: false) else { return }
        guard status.kind == .socket else {
            throw AdminServerError(code: .socketPathOccupied, message: "\(path) exists and is no socket")
        }
        guard status.owner == geteuid() else {
            throw AdminServerError(code: .socketPathOccupied, message: "\(path) is a socket of another user")
        }
        guard Self.connectError(path) == ECONNREFUSED else { throw .addressInUse(.unix(path: path)) }
    }

    /// Error of an attempt to connect; 0 when somebody listens.
    private static func connectError(_ path: String) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | UInt32(SOCK_NONBLOCK.rawValue)), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0 ? 0 : errno
    }
}
