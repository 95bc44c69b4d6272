import Events
import Reactions
import Testing

/// The gate against a slow model of the text, on random alerts.
@Suite struct FatigueModelTests {
    @Test(arguments: 0..<100)
    func `the gate decides as the text says`(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var settings = RandomFatigue.settings(&generator)
        var gate = FatigueGate(settings: settings, configVersion: "1", instance: "i")
        var model = FatigueModel(settings)
        var now: Int64 = 1_795_221_600_000_000
        for number in 0..<1200 {
            if Int.random(in: 0..<400, using: &generator) == 0 {
                settings = RandomFatigue.settings(&generator)
                gate.update(settings, configVersion: "\(number)")
                model.settings = settings
            }
            now += RandomFatigue.step(&generator)
            let alert = RandomFatigue.alert(number, &generator)
            let receipt = gate.decide(alert, at: Timestamp(microseconds: now))
            let expected = model.decide(alert, at: Timestamp(microseconds: now))
            #expect(FatigueModel.Decision(receipt) == expected, "alert \(number), seed \(seed): \(receipt)")
            guard FatigueModel.Decision(receipt) == expected else { return }
        }
    }

    @Test func `deciding the same log again gives the same receipts and the same state`() {
        var generator = SeededGenerator(seed: 5)
        let settings = RandomFatigue.settings(&generator)
        var now: Int64 = 0
        let log = (0..<5000).map { number in
            now += RandomFatigue.step(&generator)
            return (RandomFatigue.alert(number, &generator), Timestamp(microseconds: now))
        }
        var first = FatigueGate(settings: settings, configVersion: "1", instance: "i")
        let receipts = log.map { first.decide($0.0, at: $0.1) }
        var second = FatigueGate(settings: settings, configVersion: "1", instance: "i")
        var copies: [FatigueGate] = []
        for (index, entry) in log.enumerated() {
            if index % 1000 == 0 { copies.append(second) }
            #expect(second.decide(entry.0, at: entry.1) == receipts[index])
        }
        #expect(first == second)
        // From any copy made on the way, the rest leads to the same end.
        for (index, copy) in copies.enumerated() {
            var resumed = copy
            for entry in log[(index * 1000)...] { _ = resumed.decide(entry.0, at: entry.1) }
            #expect(resumed == first)
        }
    }
}
