/// Which keys of Redis hold what. All of one namespace carry the same hash tag, so they lie on one shard.
struct StateKeys: Sendable {
    let base: String

    init(namespace: String) { self.base = "aos:{\(namespace)}:" }

    var clock: String { self.base + "clock" }
    var receipts: String { self.base + "receipts" }
    /// What goes out and has not been planned yet.
    var notices: String { self.base + "notices" }

    func hour(tenant: String) -> String { self.base + "hour:" + tenant }

    /// The length of the tenant's name stands before it, so that no two pairs share a key.
    func domain(tenant: String, domain: String) -> String {
        self.base + "domain:\(tenant.utf8.count):\(tenant):\(domain)"
    }

    func identity(_ fingerprint: String) -> String { self.base + "identity:" + fingerprint }
    func alert(_ id: String) -> String { self.base + "alert:" + id }
}
