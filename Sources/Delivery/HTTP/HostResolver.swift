package import EventPatterns
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Finds the addresses of a name.
package protocol HostResolver: Sendable {
    /// Throws when nothing could be asked or nobody knows the name; an empty answer means the same.
    func addresses(of name: String) async throws -> [IPAddress]
}

/// Why a name has no address, in the words of the system.
package struct ResolutionError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}

/// Asks the system: `/etc/hosts`, then the name servers of `/etc/resolv.conf`.
package struct SystemResolver: HostResolver {
    package init() {}

    /// Cancelling ends the wait at once; the system's own search goes on in its thread until it gives up.
    package func addresses(of name: String) async throws -> [IPAddress] {
        let answer = OneAnswer()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard answer.wait(continuation) else { return }
                NIOThreadPool.singleton.submit { state in
                    guard case .active = state else {
                        answer.give(.failure(CancellationError()))
                        return
                    }
                    answer.give(Result { try Self.lookUp(name) })
                }
            }
        } onCancel: {
            answer.give(.failure(CancellationError()))
        }
    }

    private static func lookUp(_ name: String) throws -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(name, nil, &hints, &list)
        guard failure == 0 else {
            throw ResolutionError(description: gai_strerror(failure).map { String(cString: $0) } ?? "error \(failure)")
        }
        defer { freeaddrinfo(list) }
        var found: [IPAddress] = []
        var next = list
        while let entry = next {
            if let address = Self.address(entry.pointee), !found.contains(address) { found.append(address) }
            next = entry.pointee.ai_next
        }
        return found
    }

    /// By offset, for the members of these structures are hidden behind other modules: `sin_addr` follows two bytes of
    /// family and two of port, `sin6_addr` four more of flow label.
    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let raw = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch (entry.ai_family, Int(entry.ai_addrlen)) {
        case (AF_INET, 8...):
            let bits = raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self).bigEndian
            return IPAddress(family: .v4, high: UInt64(bits) << 32, low: 0)
        case (AF_INET6, 24...):
            let high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian
            let low = raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self).bigEndian
            return IPAddress(family: .v6, high: high, low: low)
        default:
            return nil
        }
    }
}

/// The first of two answers: that of the system, or the cancellation.
private final class OneAnswer: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<[IPAddress], any Error>)
        case over
    }

    private let state = Mutex(State.idle)

    /// Returns false, and has resumed, when the wait was cancelled before it began.
    func wait(_ continuation: CheckedContinuation<[IPAddress], any Error>) -> Bool {
        let isOver = self.state.withLock { state in
            if case .over = state { return true }
            state = .waiting(continuation)
            return false
        }
        if isOver { continuation.resume(throwing: CancellationError()) }
        return !isOver
    }

    func give(_ result: Result<[IPAddress], any Error>) {
        let waiting = self.state.withLock { state -> CheckedContinuation<[IPAddress], any Error>? in
            defer { state = .over }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        waiting?.resume(with: result)
    }
}
