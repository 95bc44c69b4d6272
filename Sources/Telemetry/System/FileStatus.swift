import Glibc

/// What the kernel says of a file.
///
/// It stands in this module because the compiler takes C's `stat` for one of SwiftNIO's own wherever that is in sight.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case directory
        case socket
        case other
    }

    /// What makes a file the same file, whatever it is called.
    package struct Identity: Sendable, Hashable {
        private let device: UInt64
        private let inode: UInt64

        fileprivate init(_ status: stat) {
            self.device = UInt64(status.st_dev)
            self.inode = UInt64(status.st_ino)
        }
    }

    package let kind: Kind
    /// User id of the owner.
    package let owner: UInt32
    /// Permissions, with the bits for set-user-id, set-group-id and sticky.
    package let mode: UInt32
    package let identity: Identity

    /// Nil when there is no such file, or when it cannot be reached.
    ///
    /// - Parameter followsLinks: whether a symbolic link stands for what it points at.
    package init?(_ path: String, followsLinks: Bool) {
        var status = stat()
        guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: self.kind = .directory
        case S_IFSOCK: self.kind = .socket
        default: self.kind = .other
        }
        self.owner = status.st_uid
        self.mode = status.st_mode & 0o7777
        self.identity = Identity(status)
    }

    /// Whether users other than the owner may rename or remove what is in this directory.
    package var letsOthersReplaceEntries: Bool { self.mode & 0o022 != 0 && self.mode & 0o1000 == 0 }
}
