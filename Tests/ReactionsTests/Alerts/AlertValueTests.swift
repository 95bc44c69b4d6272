import Events
import Reactions
import Testing

@Suite struct AlertValueTests {
    @Test func `a changed copy leaves the alert that it was copied from as it was`() {
        let alert = Alert.sample(type: "DRIFT")
        var copy = alert
        copy.summary = "another"
        copy.severity = .critical
        #expect(alert.summary == "s")
        #expect(alert.severity == .medium)
        #expect(copy.type == "DRIFT")
        #expect(copy.tenant == alert.tenant)
        #expect(copy != alert)
        copy.summary = "s"
        copy.severity = .medium
        #expect(copy == alert)
        #expect(copy.hashValue == alert.hashValue)
        copy.key = "k2"
        #expect(copy.fingerprint == Fingerprint(key: "k2", tenant: "t", domain: "incidents"))
        #expect(alert.fingerprint == Fingerprint(key: "k", tenant: "t", domain: "incidents"))
    }

    @Test func `a fingerprint is read from what is written of it, and from nothing else`() {
        for number in 0..<200 {
            let fingerprint = Fingerprint(key: "k\(number)", tenant: "t", domain: "d")
            #expect(Fingerprint(fingerprint.description) == fingerprint)
        }
        #expect(Fingerprint("00000000000000ff")?.value == 255)
        for text in [
            "", "2f419c51842c1e3", "2f419c51842c1e321", "2F419C51842C1E32", "2f419c51842c1e3g", "-f419c51842c1e32",
        ] {
            #expect(Fingerprint(text) == nil, "\(text)")
        }
    }
}
