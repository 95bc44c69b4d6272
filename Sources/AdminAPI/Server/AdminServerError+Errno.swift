import Glibc
import NIOCore

extension AdminServerError {
    /// The error of a system call, or of NIO, while starting to listen.
    init(binding address: BoundAddress, _ error: any Error) {
        switch error {
        case let error as AdminServerError:
            self = error
        case let error as IOError:
            self.init(binding: address, errno: error.errnoCode)
        default:
            self.init(code: .other, message: "cannot listen on \(address): \(error)")
        }
    }

    init(binding address: BoundAddress, errno code: CInt) {
        let reason = String(cString: strerror(code))
        switch code {
        case EADDRINUSE:
            self = .addressInUse(address)
        case EACCES, EPERM:
            let remedy = "ports below 1024 and other users' directories need more rights"
            self.init(code: .permissionDenied, message: "no permission to listen on \(address): \(remedy)")
        case EADDRNOTAVAIL:
            self.init(code: .addressNotAvailable, message: "\(address) is no address of this machine")
        default:
            self.init(code: .other, message: "cannot listen on \(address): \(reason)")
        }
    }
}
