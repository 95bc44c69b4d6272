import CSimdJSON

/// Why a text is not the JSON that is accepted here.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong; `notJSON` also stands for a lone surrogate, a byte order mark and an empty text.
    public enum Code: String, Sendable {
        case notJSON = "not_json"
        case invalidUTF8 = "invalid_utf8"
        case tooDeep = "too_deep"
        case tooLong = "too_long"
    }

    public let code: Code
    /// Where the reader stopped, in bytes from the start; 0 also when it was refused as a whole.
    public let offset: Int

    init(_ status: csj_status, offset: Int) {
        self.offset = offset
        switch status {
        case .CSJ_INVALID_UTF8: self.code = .invalidUTF8
        case .CSJ_TOO_DEEP: self.code = .tooDeep
        case .CSJ_TOO_LONG: self.code = .tooLong
        case .CSJ_OUT_OF_MEMORY: fatalError("out of memory while reading JSON")
        default: self.code = .notJSON
        }
    }

    public var description: String {
        switch self.code {
        case .notJSON: "not valid JSON at byte \(self.offset)"
        case .invalidUTF8: "not valid UTF-8"
        case .tooDeep: "nested too deeply at byte \(self.offset)"
        case .tooLong: "too long"
        }
    }
}
