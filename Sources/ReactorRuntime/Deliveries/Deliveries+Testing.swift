import Delivery
import Events
package import Reactions

extension Deliveries: ReceiverTester {
    package func tell(_ receivers: [String], of notice: AlertNotice) async -> [ReceiverTest] {
        await withTaskGroup(of: (Int, ReceiverTest).self) { group in
            for (place, name) in receivers.enumerated() {
                group.addTask { (place, await self.tell(name, of: notice)) }
            }
            var tests: [(Int, ReceiverTest)] = []
            for await test in group { tests.append(test) }
            return tests.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func tell(_ name: String, of notice: AlertNotice) async -> ReceiverTest {
        let start = self.clock.monotonic()
        let sink = self.receivers.sink(name)
        let outcome: AttemptOutcome
        if let sink {
            do {
                outcome = try await sink.attempt(self.receivers.planner.test(notice, to: name), at: self.clock.wall())
            } catch {
                outcome = .retry(reason: "the attempt was broken off")
            }
        } else {
            outcome = .dead(reason: "no receiver of this name is configured")
        }
        return ReceiverTest(
            receiver: name,
            kind: sink?.kind,
            outcome: outcome,
            elapsed: .nanoseconds(Int64(clamping: self.clock.monotonic() &- start))
        )
    }
}
