/// Settings that the design knows and that this version does not have. They are refused by name: a setting that is
/// accepted and does nothing would be believed.
enum UnavailableSettings {
    static let byPath: [String: String] = [
        "alerts.silences": "silences are made while the reactor runs: `aos-reactor silence add`, or POST /v1/silences",
        "http.insecure": "give `http.token: {env: NAME}` to let other machines in",
    ]

    /// What was never a setting of this kind, or is none any more.
    private static let nowhere: Set<String> = ["alerts.silences", "http.insecure"]

    static func message(_ path: String, _ instead: String) -> String {
        Self.nowhere.contains(path)
            ? "`\(path)` is no setting; \(instead)" : "`\(path)` is not available in this version; \(instead)"
    }
}
