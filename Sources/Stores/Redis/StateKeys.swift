/// Which keys of Redis hold what. All of one namespace carry the same hash tag, so they lie on one shard.
struct StateKeys: Sendable {
    let base: String

    init(namespace: String) { self.base = "aos:{\(namespace)}:" }

    var clock: String { self.base + "clock" }
    var receipts: String { self.base + "receipts" }
    /// What goes out and has not been planned yet.
    var notices: String { self.base + "notices" }
    /// What is to be told at a time.
    var due: String { self.base + "due" }
    var silences: String { self.base + "silences" }
    var silencesVersion: String { self.base + "silences:version" }
    /// Who changed what.
    var audit: String { self.base + "audit" }

    func hour(tenant: String) -> String { self.base + "hour:" + tenant }

    /// The length of the tenant's name stands before it, so that no two pairs share a key.
    func domain(tenant: String, domain: String) -> String {
        self.base + "domain:\(tenant.utf8.count):\(tenant):\(domain)"
    }

    func identity(_ fingerprint: String) -> String { self.base + "identity:" + fingerprint }
    func standing(_ fingerprint: String) -> String { self.base + "standing:" + fingerprint }

    /// The ids of the first receipts, by alert.
    var alerts: String { self.base + "alerts" }
    /// Ids of further receipts of an alert, and of those of a run.
    func receipts(ofAlert id: String) -> String { self.base + "of:" + id }
    func receipts(ofRun id: String) -> String { self.base + "run:" + id }
}
