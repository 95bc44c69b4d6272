package import Events

/// Takes out what looks like a secret before anything is stored.
///
/// By name: the value of every member whose name says that it is one becomes `<REDACTED>`, however deep it lies. By form:
/// e-mail addresses, bearer tokens, and keys of AWS, GitHub and Slack within any text. What is not recognized stays: this
/// is a net, not a proof.
package enum Redaction {
    package static let mark = "<REDACTED>"

    /// The original's names, without `_`, `-` and spaces and in lower case.
    static let names: Set<String> = [
        "password", "passwd", "pwd", "secret", "apikey", "token", "accesstoken", "refreshtoken", "authtoken",
        "authorization", "bearer", "privatekey", "sshkey", "credentials", "cred", "ssn", "socialsecurity",
        "creditcard", "cardnumber", "cvv", "cvc",
    ]
    /// A name that ends so is one too: `db_password`, `x-api-key`, `clientSecret`.
    static let endings = [
        "password", "passwd", "secret", "apikey", "accesstoken", "refreshtoken", "authtoken", "privatekey", "sshkey",
        "credentials", "secretkey", "secretaccesskey", "sessiontoken", "idtoken", "bearertoken",
    ]

    package static func redacted(_ value: JSONValue) -> JSONValue {
        // Nearly nothing holds a secret, and a copy of all of it would be made for nothing.
        self.mayHoldSecrets(value) ? self.changed(value) : value
    }

    private static func mayHoldSecrets(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool, .number: return false
        case .string(let text): return SecretScanner.mayHoldSecrets(text)
        case .array(let elements):
            for element in elements where self.mayHoldSecrets(element) { return true }
            return false
        case .object(let members):
            for member in members {
                if self.mayHoldSecrets(member.value) || SecretScanner.mayHoldSecrets(member.name)
                    || self.isSecret(name: member.name)
                {
                    return true
                }
            }
            return false
        }
    }

    private static func changed(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .number: value
        case .string(let text): .string(self.redacted(text))
        case .array(let elements): .array(elements.map(self.changed))
        case .object(let members):
            .object(
                members.map { member in
                    let isSecret = self.isSecret(name: member.name) && member.value != .null
                    return JSONMember(
                        self.redacted(member.name),
                        isSecret ? .string(self.mark) : self.changed(member.value)
                    )
                }
            )
        }
    }

    package static func isSecret(name: String) -> Bool {
        // The longest name that is worth a look; texts from the wire are as long as a producer likes.
        guard name.utf8.count <= 128 else { return false }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { plain in
            var count = 0
            for byte in name.utf8 {
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): plain[count] = byte | 0x20
                case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: " "), UInt8(ascii: "."): continue
                default: plain[count] = byte
                }
                count += 1
            }
            guard count > 0 else { return false }
            return self.names(endingWith: plain[count - 1]).contains { known in
                guard known.isEnding ? count >= known.bytes.count : count == known.bytes.count else { return false }
                return plain[(count - known.bytes.count)..<count].elementsEqual(known.bytes)
            }
        }
    }

    /// Names and endings as bytes, by their last letter, with which most other names do not end.
    private static let known: [[(bytes: [UInt8], isEnding: Bool)]] = {
        let all =
            Redaction.names.sorted().map { (Array($0.utf8), false) } + Redaction.endings.map { (Array($0.utf8), true) }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).map { letter in all.filter { $0.0.last == letter } }
    }()

    private static func names(endingWith letter: UInt8) -> [(bytes: [UInt8], isEnding: Bool)] {
        guard letter >= UInt8(ascii: "a"), letter <= UInt8(ascii: "z") else { return [] }
        return self.known[Int(letter - UInt8(ascii: "a"))]
    }

    /// Whether a text, UTF-8, is worth being looked at for secrets whose form is known; nearly no text is.
    package static func mayHoldSecrets(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        SecretScanner.mayHoldSecrets(text)
    }

    /// A text without the secrets whose form is known.
    package static func redacted(_ text: String) -> String {
        guard SecretScanner.mayHoldSecrets(text) else { return text }
        let bytes = Array(text.utf8)
        guard let found = SecretScanner(bytes).secrets() else { return text }
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var position = 0
        for secret in found where secret.range.lowerBound >= position {
            kept.append(contentsOf: bytes[position..<secret.range.lowerBound])
            kept.append(contentsOf: secret.mark.utf8)
            position = secret.range.upperBound
        }
        kept.append(contentsOf: bytes[position...])
        return String(decoding: kept, as: UTF8.self)
    }

    /// The beginning of a frame that may be JSON, or nearly: values behind names of secrets are taken out as well.
    package static func redacted(excerpt: String) -> String {
        let bytes = Array(excerpt.utf8)
        var kept: [UInt8] = []
        var position = 0
        for value in SecretScanner(bytes).namedValues() where value.lowerBound >= position {
            kept.append(contentsOf: bytes[position..<value.lowerBound])
            kept.append(contentsOf: "\"\(self.mark)\"".utf8)
            position = value.upperBound
        }
        kept.append(contentsOf: bytes[position...])
        return self.redacted(String(decoding: kept, as: UTF8.self))
    }
}
