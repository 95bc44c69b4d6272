import Glibc
import Telemetry
import Testing

@testable import AdminAPI

@Suite(.timeLimit(.minutes(10))) struct UnixSocketTests {
    @Test func `a socket is private, answers any host, and is gone afterwards`() async throws {
        try await withDirectory { directory in
            let path = "\(directory)/admin.sock"
            try await withServer(.unix(path: path)) { address in
                #expect(address == .unix(path: path))
                let status = try #require(FileStatus(path, followsLinks: false))
                #expect(status.kind == .socket)
                #expect(status.mode == 0o600)
                let answer = try #require(await RawClient.get("/readyz", of: address, head: "Host: whatever\r\n"))
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(self.leftovers(in: directory) == ["admin.sock"])
            }
            #expect(self.leftovers(in: directory).isEmpty)
        }
    }

    @Test func `a socket that nobody listens on any more is replaced`() async throws {
        try await withDirectory { directory in
            let path = "\(directory)/admin.sock"
            try self.leaveStaleSocket(at: path)
            try await withServer(.unix(path: path)) { address in
                #expect(await RawClient.get("/healthz", of: address) != nil)
            }
        }
    }

    @Test func `a socket that somebody listens on is left alone`() async throws {
        try await withDirectory { directory in
            let path = "\(directory)/admin.sock"
            try await withServer(.unix(path: path)) { address in
                let second = await #expect(throws: AdminServerError.self) {
                    try await withServer(.unix(path: path)) { _ in }
                }
                #expect(second?.code == .addressInUse)
                #expect(await RawClient.get("/healthz", of: address) != nil)
            }
        }
    }

    @Test func `a file that is no socket is left alone`() async throws {
        try await withDirectory { directory in
            let path = "\(directory)/file"
            close(open(path, O_CREAT | O_WRONLY, 0o600))
            #expect(throws: AdminServerError(code: .socketPathOccupied, message: "\(path) exists and is no socket")) {
                _ = try UnixSocketFile(path: path)
            }
            #expect(FileStatus(path, followsLinks: false)?.kind == .other)
        }
    }

    @Test func `a link is not followed`() async throws {
        try await withDirectory { directory in
            let path = "\(directory)/admin.sock"
            #expect(symlink("\(directory)/elsewhere", path) == 0)
            let error = #expect(throws: AdminServerError.self) { _ = try UnixSocketFile(path: path) }
            #expect(error?.code == .socketPathOccupied)
        }
    }

    @Test func `a directory that others can write is refused, unless it is sticky`() async throws {
        try await withDirectory { directory in
            #expect(chmod(directory, 0o777) == 0)
            let error = #expect(throws: AdminServerError.self) {
                _ = try UnixSocketFile(path: "\(directory)/admin.sock")
            }
            #expect(error?.code == .socketDirectoryUnsafe)
            #expect(chmod(directory, 0o1777) == 0)
            try UnixSocketFile(path: "\(directory)/admin.sock").remove()
        }
    }

    @Test func `a missing directory is made for this user alone`() async throws {
        try await withDirectory { directory in
            try await withServer(.unix(path: "\(directory)/new/admin.sock")) { address in
                #expect(FileStatus("\(directory)/new", followsLinks: false)?.mode == 0o700)
                #expect(await RawClient.get("/healthz", of: address) != nil)
            }
        }
    }

    @Test func `a path that does not fit is refused`() {
        let path = "/tmp/" + String(repeating: "x", count: 100) + "/admin.sock"
        let error = #expect(throws: AdminServerError.self) { _ = try UnixSocketFile(path: path) }
        #expect(error?.code == .socketPathTooLong)
    }

    @Test func `another program's socket at the path is not removed at the end`() async throws {
        try await withDirectory { directory in
            let path = "\(directory)/admin.sock"
            try await withServer(.unix(path: path)) { _ in
                #expect(unlink(path) == 0)
                try self.leaveStaleSocket(at: path)
            }
            #expect(FileStatus(path, followsLinks: false)?.kind == .socket)
        }
    }

    /// Binds a socket and closes it without removing its file, as a killed program does.
    private func leaveStaleSocket(at path: String) throws {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
    }

    private func leftovers(in directory: String) -> [String] {
        guard let entries = opendir(directory) else { return [] }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
