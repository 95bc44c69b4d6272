import Delivery
import Events
import Reactions
import Synchronization
import Testing

@Suite struct AlertLineTests {
    private func decided(_ alert: Alert, times: Int = 1) -> (Alert, Receipt) {
        var gate = FatigueGate(settings: AlertSettings(), configVersion: "v1", instance: "i")
        for _ in 1..<times { _ = gate.decide(alert, at: Timestamp(seconds: 0)) }
        return (alert, gate.decide(alert, at: Timestamp(seconds: 2)))
    }

    @Test func `an alert that is sent shows its severity and summary`() {
        let (alert, receipt) = self.decided(.sample(severity: .high))
        #expect(AlertLine.text(alert, receipt, isColoured: false) == "HIGH     T  run r  s")
    }

    @Test func `an alert that is held back shows why`() {
        let (alert, receipt) = self.decided(.sample(severity: .high), times: 2)
        #expect(
            AlertLine.text(alert, receipt, isColoured: false)
                == "held     T  run r  duplicate: the same alert was sent 2 s ago, within the dedup window of 60 s"
        )
    }

    @Test(arguments: [
        (0, "0"), (999, "0"), (7_000, "0.007"), (50_400, "0.05"), (1_000_000, "1"), (59_123_456, "59.123"),
    ])
    func `ages are told in seconds, to the millisecond`(microseconds: Int64, seconds: String) {
        let (_, held) = self.decided(.sample(), times: 2)
        var receipt = held
        receipt.ground = .duplicate(age: microseconds)
        #expect(receipt.reason == "the same alert was sent \(seconds) s ago, within the dedup window of 60 s")
    }

    @Test func `colours end where they began`() {
        for severity in Severity.allCases {
            for times in 1...2 {
                let (alert, receipt) = self.decided(.sample(severity: severity), times: times)
                let line = AlertLine.text(alert, receipt, isColoured: true)
                #expect(line.hasPrefix("\u{1B}["))
                #expect(line.contains("\u{1B}[0m"))
            }
        }
    }

    @Test func `a producer cannot move the cursor, break the line or turn the text around`() {
        var alert = Alert.sample()
        alert.summary = "a\u{1B}[2Jb\nc\rd\u{9B}31me\u{202E}f\u{7F}"
        alert.runID = "r\u{7}"
        let (_, receipt) = self.decided(alert)
        let line = AlertLine.text(alert, receipt, isColoured: false)
        #expect(line == "MEDIUM   T  run r   a [2Jb c d 31mef ")
    }

    @Test(arguments: [
        (true, [:], true), (false, [:], false), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
        (true, ["TERM": "dumb"], false),
    ])
    func `colours are for terminals that want them`(isTerminal: Bool, environment: [String: String], wants: Bool) {
        #expect(AlertLine.wantsColour(isTerminal: isTerminal, environment: environment) == wants)
    }

    @Test func `the console receiver writes one line an alert`() async throws {
        let lines = Mutex<[String]>([])
        let receiver = ConsoleReceiver(isColoured: false) { line in lines.withLock { $0.append(line) } }
        let notices = [
            SampleNotification.notice("a1", type: "T", run: "r1"),
            SampleNotification.notice("a2", type: "T", run: "r2", status: .resolved),
        ]
        _ = try await receiver.attempt(SampleNotification.make(notices), at: Timestamp(seconds: 0))
        #expect(
            lines.withLock { $0 } == [
                "HIGH     T  run r1  Run r1 has not finished", "resolved T  run r2  Run r2 has not finished",
            ]
        )
    }
}
