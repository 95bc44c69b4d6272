/// What a gate has decided since it was made, and how much it remembers.
package struct FatigueStatistics: Sendable, Hashable {
    package var decided: [Verdict: UInt64] = [:]
    /// Alerts remembered, tenants and identities among them.
    package var records = 0
    package var tenants = 0
    package var identities = 0
    /// Alerts that were forgotten before their windows ended, because there was no room.
    package var forgottenEarly: UInt64 = 0
    /// Alerts that were sent unchecked and not remembered, because their tenant has had too many of them.
    package var unrecorded: UInt64 = 0
    /// How often the wall clock was set back.
    package var clockSetbacks = 0

    package init() {}
}

/// How much a gate may remember.
package struct FatigueBounds: Sendable, Hashable {
    /// Sent alerts of all tenants together.
    package var records = 100_000
    /// Alerts of one tenant that are sent unchecked. (Those that are checked are bounded by the tenant's limit.)
    package var uncheckedRecordsPerTenant = 10_000

    package init() {}
}
