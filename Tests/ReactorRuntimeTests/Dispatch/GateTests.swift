import ReactorTestKit
import Testing

@testable import ReactorRuntime

@Suite(.timeLimit(.minutes(10))) struct GateTests {
    @Test func `all who wait go through when it opens, and so do those who come later`() async {
        let gate = Gate()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { await gate.wait() } }
            #expect(!gate.isOpen)
            gate.open()
            gate.open()
            await group.waitForAll()
        }
        #expect(gate.isOpen)
        await gate.wait()
    }

    @Test func `who is cancelled does not wait, whether before or meanwhile`() async {
        let gate = Gate()
        let before = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await gate.wait()
        }
        await before.value
        let began = Gate()
        let meanwhile = Task {
            began.open()
            await gate.wait()
        }
        await began.wait()
        meanwhile.cancel()
        await meanwhile.value
        #expect(!gate.isOpen)
    }
}

@Suite(.timeLimit(.minutes(10))) struct DeadlineTests {
    @Test func `a body that ends in time finished`() async {
        #expect(await finishes(within: .seconds(600)) {})
    }

    @Test func `a body that does not end is cancelled, and that is told`() async {
        let wasCancelled = Gate()
        let finished = await finishes(within: .milliseconds(5)) {
            await Gate().wait()
            if Task.isCancelled { wasCancelled.open() }
        }
        #expect(!finished && wasCancelled.isOpen)
    }

    @Test func `when the caller is cancelled it is over at once, and did not finish`() async {
        let began = Gate()
        let caller = Task {
            await finishes(within: .seconds(600)) {
                began.open()
                await Gate().wait()
            }
        }
        await began.wait()
        caller.cancel()
        #expect(await !caller.value)
    }
}
