import Events
import Reactions
import Testing

@testable import Stores

@Suite struct ThresholdRowTests {
    @Test func `a number that a signal left out is not read back as a zero, and a zero that it said is`() {
        let said: JSONValue = ["current_value": .number(0)]
        for (value, details) in [(nil, .object([])), (0.0, said), (7.5, .object([]))] as [(Double?, JSONValue)] {
            let signal = ThresholdHistory(
                rule: "cost",
                subject: "acme",
                tier: "breach",
                hasRecovered: false,
                value: value,
                limit: nil,
                details: details
            )
            let row = HistoryRow(id: "1", runID: "r", tenant: "t", at: HistorySample.now, content: .threshold(signal))
            #expect(StoredRow(row).row.content == .threshold(signal))
        }
    }
}
