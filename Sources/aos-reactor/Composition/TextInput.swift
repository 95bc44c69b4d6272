import ArgumentParser
import EventPatterns
import Events
import Glibc
import ReactorConfig

/// Reads what a flag names: a file, standard input, or the text that was given itself.
enum TextInput {
    struct Failure: Error {
        var message: String
    }

    private static let chunkSize = 256 << 10

    /// All bytes, but not more than one above `limit`: who asks sees that it is too much.
    static func bytes(of argument: TextArgument, limit: Int) throws(Failure) -> [UInt8] {
        if case .literal(let text) = argument { return Array(text.utf8) }
        var bytes: [UInt8] = []
        try Self.chunks(of: argument) { chunk in
            bytes += chunk.prefix(limit + 1 - bytes.count)
            return bytes.count <= limit
        }
        return bytes
    }

    /// Gives the bytes in the pieces in which they come, until the end or until `body` says that it has enough.
    static func chunks(of argument: TextArgument, _ body: (UnsafeRawBufferPointer) -> Bool) throws(Failure) {
        let descriptor: CInt
        switch argument {
        case .literal(let text):
            Array(text.utf8).withUnsafeBytes { _ = body($0) }
            return
        case .standardInput: descriptor = STDIN_FILENO
        case .file(let path):
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Failure(message: "\(path): \(String(cString: strerror(errno)))") }
        }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw Failure(message: "\(argument.name("input")): \(String(cString: strerror(errno)))")
            }
            guard count > 0, body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
        }
    }
}

extension EventRefusal {
    /// `NAME:LINE:COLUMN: error: why`.
    /// - Parameter line: Which line of the file the text is; nil when the text is the whole file.
    func message(_ name: String, line: Int? = nil, in text: ByteView) -> String {
        var place = name
        if let line { place += ":\(line)" }
        if let found = self.place(in: text) {
            place += line == nil ? ":\(found.line):\(found.column)" : ":\(found.column)"
        }
        return "\(place): error: \(self)"
    }
}
