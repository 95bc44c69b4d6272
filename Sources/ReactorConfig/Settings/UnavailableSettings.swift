/// Settings that the design knows and that this version does not have. They are refused by name: a setting that is
/// accepted and does nothing would be believed.
enum UnavailableSettings {
    static let byPath: [String: String] = [
        "history": "this version keeps the last alerts and quarantined frames in memory",
        "alerts.receivers": "this version writes alerts to its log and lists them at /v1/alerts",
        "alerts.routes": "this version writes alerts to its log and lists them at /v1/alerts",
        "alerts.silences": "this version has cooldowns, the dedup window and the tenant limit",
    ]

    static func message(_ path: String, _ instead: String) -> String {
        "`\(path)` is not available in this version; \(instead)"
    }
}
