package import EventPatterns

/// Where messages may go. The addresses of receivers come from configuration and through the API, so what they point at
/// is not to be trusted: not to this machine, not to the networks around it, not where credentials are handed out.
package struct TargetPolicy: Sendable, Hashable {
    /// For receivers that are on this machine or in the local network. Nobody's addresses (multicast, reserved) and the
    /// metadata services of clouds stay forbidden.
    package var allowPrivate: Bool
    /// Ports that may be asked for; nil for any. Behind other ports of public hosts are other things than webhooks.
    package var ports: Set<Int>?

    package init(allowPrivate: Bool = false, ports: Set<Int>? = nil) {
        self.allowPrivate = allowPrivate
        self.ports = ports ?? (allowPrivate ? nil : Self.usualPorts)
    }

    package static let usualPorts: Set<Int> = [80, 443]

    /// Judges all that can be judged without asking for an address. Throws the reason why nothing is to be sent.
    package func check(_ url: TargetURL) throws(TargetRefusal) {
        if let ports = self.ports, !ports.contains(url.port) {
            let listed = ports.sorted().map(String.init).joined(separator: ", ")
            throw TargetRefusal(.badPort, "port \(url.port) is not one of the allowed ports \(listed)")
        }
        if url.isOddlyWritten, !self.allowPrivate {
            let message = "\"\(url.host)\" is written in a way that not all read alike; write four decimal numbers"
            throw TargetRefusal(.oddAddress, message)
        }
        switch url.host {
        case .address(let address): try self.check(address)
        case .name(let name): try self.check(name: name)
        }
    }

    /// Judges one address. Throws the reason why nothing is to be sent there.
    package func check(_ address: IPAddress) throws(TargetRefusal) {
        guard let reason = self.reason(against: address) else { return }
        throw TargetRefusal(.forbiddenAddress, "\(address.canonicalText) is \(reason)")
    }

    private func reason(against address: IPAddress) -> String? {
        let kind = AddressClass(address)
        switch kind {
        case .ordinary: return nil
        case .loopback, .privateNetwork, .sharedNetwork, .linkLocal:
            guard !self.allowPrivate else { return nil }
            return "an address for \(kind.words); receivers there need allow_private: true"
        case .metadata, .multicast, .reserved: return "an address for \(kind.words)"
        }
    }

    /// Judges what a name resolved to: one address that is forbidden makes all of them so, for whoever gave the answer
    /// chooses which one is taken. Throws also when there is none.
    package func check(_ addresses: [IPAddress], of name: String) throws(TargetRefusal) {
        guard !addresses.isEmpty else { throw TargetRefusal(.unresolved, "\"\(name.shown)\" has no address") }
        for address in addresses {
            guard let reason = self.reason(against: address) else { continue }
            throw TargetRefusal(
                .forbiddenAddress,
                "\"\(name.shown)\" leads to \(address.canonicalText), \(reason)"
            )
        }
    }

    /// Names that mean this machine or its network wherever they are asked for (RFC 6761, RFC 6762, RFC 8375).
    private static let localNames: Set<String> = [
        "localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private",
    ]

    private func check(name: String) throws(TargetRefusal) {
        guard !self.allowPrivate else { return }
        let last = name.split(separator: ".").last.map(String.init) ?? name
        let isLocal = Self.localNames.contains(last) || name.hasSuffix(".home.arpa") || !name.contains(".")
        guard isLocal else { return }
        throw TargetRefusal(
            .forbiddenName,
            "\"\(name.shown)\" is a name of the local network; receivers there need allow_private: true"
        )
    }
}

extension AddressClass {
    fileprivate var words: String {
        switch self {
        case .ordinary: "everybody"
        case .loopback: "this machine itself"
        case .privateNetwork: "private networks"
        case .linkLocal: "the local link"
        case .metadata: "the metadata service of a cloud"
        case .sharedNetwork: "carrier-grade NAT"
        case .multicast: "multicast"
        case .reserved: "special purposes"
        }
    }
}
