import ReactorRuntime
import ReactorTestKit
import Testing

@Suite(.timeLimit(.minutes(10))) struct WorkQueueTests {
    @Test func `what is pushed is taken in order, in portions`() async {
        let queue = WorkQueue<Int>()
        #expect((1...5).map { queue.push($0) } == [1, 2, 3, 4, 5])
        #expect(await queue.take(upTo: 2) == [1, 2])
        // What was taken is in hand until the next call.
        #expect(queue.depth == 5)
        #expect(queue.push(6) == 6)
        #expect(await queue.take(upTo: 10) == [3, 4, 5, 6])
        #expect(queue.depth == 4)
    }

    @Test func `those that wait and meet a condition are counted without those in hand`() async {
        let queue = WorkQueue<Int>()
        for number in 1...6 { queue.push(number) }
        _ = await queue.take(upTo: 2)
        #expect(queue.waiting(where: { $0.isMultiple(of: 2) }) == 2)
    }

    @Test func `taking waits for the next element`() async {
        let queue = WorkQueue<Int>()
        async let taken = queue.take(upTo: 10)
        queue.push(1)
        #expect(await taken == [1])
    }

    @Test func `a finished queue refuses more, hands out the rest and then nothing`() async {
        let queue = WorkQueue<Int>()
        queue.push(1)
        queue.finish()
        #expect(queue.push(2) == nil)
        #expect(await queue.take(upTo: 10) == [1])
        #expect(await queue.take(upTo: 10).isEmpty)
        #expect(queue.depth == 0)
    }

    @Test func `finishing wakes the one who waits`() async {
        let queue = WorkQueue<Int>()
        async let taken = queue.take(upTo: 1)
        queue.finish()
        #expect(await taken.isEmpty)
    }

    @Test func `a cancelled task takes nothing, and what is queued stays`() async {
        let queue = WorkQueue<Int>()
        let waiting = Task { await queue.take(upTo: 1) }
        waiting.cancel()
        #expect(await waiting.value.isEmpty)
        queue.push(1)
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await queue.take(upTo: 1)
        }
        #expect(await late.value.isEmpty)
        #expect(await queue.take(upTo: 1) == [1])
    }

    @Test func `idle is when nothing is queued or in hand`() async {
        let queue = WorkQueue<Int>()
        await queue.waitUntilIdle()
        queue.push(1)
        async let idle: Void = queue.waitUntilIdle()
        #expect(await queue.take(upTo: 1) == [1])
        queue.finish()
        _ = await queue.take(upTo: 1)
        await idle
    }

    @Test func `what is given back is first in line again and counts as waiting`() async {
        let queue = WorkQueue<Int>()
        for number in 1...5 { queue.push(number) }
        let taken = await queue.take(upTo: 3)
        queue.giveBack(taken)
        #expect(queue.depth == 5 && queue.waiting == 5)
        #expect(await queue.take(upTo: 9) == [1, 2, 3, 4, 5])
        #expect(queue.depth == 5 && queue.waiting == 0)
    }

    @Test func `nothing is lost or swapped between many producers and one consumer`() async {
        let queue = WorkQueue<(producer: Int, number: Int)>()
        let taken = await withTaskGroup(of: [(producer: Int, number: Int)].self) { group in
            group.addTask {
                var taken: [(producer: Int, number: Int)] = []
                while taken.count < 8 * 2000 { taken += await queue.take(upTo: 17) }
                return taken
            }
            for producer in 0..<8 {
                group.addTask {
                    for number in 0..<2000 { queue.push((producer, number)) }
                    return []
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        for producer in 0..<8 {
            #expect(taken.filter { $0.producer == producer }.map(\.number) == Array(0..<2000))
        }
    }
}
