import Events
import Reactions

extension Alert {
    var identity: String { "\(self.tenant)/\(self.domain)/\(self.key)" }

    static func sample(
        _ key: String = "k",
        tenant: String = "t",
        domain: String = "incidents",
        severity: Severity = .medium,
        id: String = "a",
        type: String = "T",
        lasts: Bool = false
    ) -> Alert {
        Alert(
            id: id,
            type: type,
            severity: severity,
            domain: domain,
            tenant: tenant,
            runID: "r",
            key: key,
            summary: "s",
            details: .object([]),
            handler: "h",
            event: nil,
            raisedAt: Timestamp(microseconds: 0),
            lasts: lasts
        )
    }
}

extension Resolution {
    static func sample(
        _ key: String = "k",
        tenant: String = "t",
        domain: String = "incidents",
        id: String = "res"
    ) -> Resolution {
        Resolution(
            id: id,
            key: key,
            tenant: tenant,
            domain: domain,
            runID: "r",
            summary: "it is well again",
            handler: "h",
            event: nil,
            raisedAt: Timestamp(microseconds: 5)
        )
    }
}
