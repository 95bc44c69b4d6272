internal import Glibc

/// Reads whole small files.
enum FileText {
    /// Why a file cannot be read, in words for a person.
    struct Failure: Error {
        var message: String
        /// Whether there is no such file.
        var isMissing = false
    }

    /// The bytes of a regular file, but not more than one above `limit`: who asks sees that it is too large.
    static func bytes(of path: String, limit: Int) throws(Failure) -> [UInt8] {
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.failure(errno) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(message: status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : "is not a regular file")
        }
        var bytes: [UInt8] = []
        var failed: Int32 = 0
        while bytes.count <= limit {
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                let result = read(descriptor, buffer.baseAddress, min(buffer.count, limit + 1 - bytes.count))
                if result < 0 { failed = errno }
                count = max(0, result)
            }
            if failed == EINTR {
                failed = 0
                continue
            }
            guard failed == 0 else { throw Self.failure(failed) }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// The names in a folder, in the order of their bytes.
    static func names(in path: String) throws(Failure) -> [String] {
        guard let folder = opendir(path) else { throw Self.failure(errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
                    String(cString: $0)
                }
            }
            names.append(name)
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func failure(_ code: Int32) -> Failure {
        switch code {
        case ENOENT, ENOTDIR: Failure(message: "does not exist", isMissing: true)
        case EACCES, EPERM: Failure(message: "may not be read by this user")
        default: Failure(message: "cannot be read: \(String(cString: strerror(code)))")
        }
    }
}
