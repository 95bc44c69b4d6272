import Crypto
package import Events

/// The keys that a webhook's messages are signed with, as Standard Webhooks 1.0 says.
///
/// Two during a rotation: the message then carries a signature of each, and the receiver may know either.
package struct WebhookKeys: Sendable, Hashable {
    private let keys: [Secret]

    /// What is wrong with a key; never the key itself.
    package struct KeyError: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter secrets: `whsec_` and the Base64 of 24 to 64 random bytes each.
    package init(_ secrets: [Secret]) throws(KeyError) {
        guard (1...2).contains(secrets.count) else {
            throw KeyError(description: "a webhook has one signing key, or two while they change, not \(secrets.count)")
        }
        for secret in secrets { _ = try Self.bytes(of: secret) }
        self.keys = secrets
    }

    private static func bytes(of secret: Secret) throws(KeyError) -> [UInt8] {
        let prefix = "whsec_"
        guard secret.exposed.hasPrefix(prefix) else {
            throw KeyError(description: "a signing key begins with whsec_; make one: whsec_$(openssl rand -base64 32)")
        }
        guard let bytes = Base64.decode(String(secret.exposed.dropFirst(prefix.count))) else {
            throw KeyError(description: "what follows whsec_ in the signing key is not Base64")
        }
        guard (24...64).contains(bytes.count) else {
            throw KeyError(description: "a signing key has 24 to 64 bytes, this one has \(bytes.count)")
        }
        return bytes
    }

    /// The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of one attempt.
    /// - Parameters:
    ///   - id: the delivery's, without a dot.
    ///   - now: the time of this attempt, not of the first.
    package func headers(id: String, body: [UInt8], at now: Timestamp) -> [DeliveryRequest.Header] {
        let seconds = String(Int64(now.seconds.rounded(.down)))
        let content = Array("\(id).\(seconds).".utf8) + body
        let signatures = self.keys.compactMap { secret -> String? in
            guard let bytes = try? Self.bytes(of: secret) else { return nil }
            return "v1,"
                + Base64.encode(HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: bytes)))
        }
        return [
            DeliveryRequest.Header("webhook-id", id), DeliveryRequest.Header("webhook-timestamp", seconds),
            DeliveryRequest.Header("webhook-signature", signatures.joined(separator: " ")),
        ]
    }
}
