import Events
import ReactorRuntime
import SeededRandom
import SyntheticEvents
import Testing

@Suite struct FrameRingTests {
    /// Where each frame lies, found the slow way: by looking at all of them.
    private struct Model {
        struct Frame {
            var offset: Int
            var payload: [UInt8]
            var target: UInt32
            var arrivedAt: Timestamp

            var size: Int { (16 + self.payload.count + 15) / 16 * 16 }
            var end: Int { self.offset + self.size }
        }

        let capacity: Int
        let policy: OverflowPolicy
        var frames: [Frame] = []
        var dropped: UInt64 = 0
        var droppedBytes: UInt64 = 0

        var usedBytes: Int { self.frames.reduce(0) { $0 + $1.size } }

        /// Where a record of that size can go in one piece, behind the newest and not over the oldest.
        func place(for size: Int) -> Int? {
            guard let first = self.frames.first, let last = self.frames.last else {
                return size <= self.capacity ? 0 : nil
            }
            let hasWrapped = last.offset < first.offset
            if hasWrapped { return last.end + size <= first.offset ? last.end : nil }
            if last.end + size <= self.capacity { return last.end }
            return size <= first.offset ? 0 : nil
        }

        mutating func append(_ frame: Frame) -> Int {
            var given = 0
            if frame.size <= self.capacity {
                while true {
                    if let offset = self.place(for: frame.size) {
                        var frame = frame
                        frame.offset = offset
                        self.frames.append(frame)
                        return given
                    }
                    guard self.policy == .dropOldest else { break }
                    self.giveUp(self.frames.removeFirst().payload)
                    given += 1
                }
            }
            self.giveUp(frame.payload)
            return 1
        }

        private mutating func giveUp(_ payload: [UInt8]) {
            self.dropped += 1
            self.droppedBytes += UInt64(payload.count)
        }
    }

    @Test(arguments: OverflowPolicy.allCases, [UInt64(1), 2, 3, 4, 5])
    func `the ring does what a list of frames would do, over many rounds`(policy: OverflowPolicy, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var ring = FrameRing(capacity: 4096, policy: policy)
        var model = Model(capacity: ring.capacity, policy: policy)
        var highWater = 0
        for step in 0..<20_000 {
            if Int.random(in: 0..<100, using: &random) < 52 {
                Self.append(Self.frame(step, using: &random), to: &ring, &model)
            } else if !model.frames.isEmpty {
                Self.expectSameFirst(&ring, model)
                ring.removeFirst()
                model.frames.removeFirst()
            }
            highWater = max(highWater, model.usedBytes)
            #expect(ring.count == model.frames.count && ring.usedBytes == model.usedBytes)
            #expect(ring.dropped == model.dropped && ring.droppedBytes == model.droppedBytes)
            guard ring.count == model.frames.count else { return }
        }
        #expect(ring.highWater == highWater)
        #expect(model.dropped > 100)
        while !model.frames.isEmpty {
            Self.expectSameFirst(&ring, model)
            ring.removeFirst()
            model.frames.removeFirst()
        }
        #expect(ring.isEmpty && ring.first == nil && ring.usedBytes == 0 && ring.fill == 0)
    }

    private static func frame(_ step: Int, using random: inout SplitMix64) -> Model.Frame {
        // Mostly small ones, some of a third of the ring, rarely one that can never fit.
        let largest = [60, 60, 60, 60, 400, 400, 1400, 5000].randomElement(using: &random) ?? 0
        let count = Int.random(in: 0...largest, using: &random)
        return Model.Frame(
            offset: 0,
            payload: (0..<count).map { UInt8(truncatingIfNeeded: $0 &+ step) },
            target: UInt32(step % 7),
            arrivedAt: Timestamp(microseconds: Int64(step))
        )
    }

    private static func append(_ frame: Model.Frame, to ring: inout FrameRing, _ model: inout Model) {
        let given = frame.payload.withUnsafeBytes {
            ring.append(ByteView($0), target: frame.target, arrivedAt: frame.arrivedAt)
        }
        #expect(given == model.append(frame))
    }

    private static func expectSameFirst(_ ring: inout FrameRing, _ model: Model) {
        guard let first = ring.first, let expected = model.frames.first else {
            Issue.record("the ring and the model do not hold the same")
            return
        }
        #expect(first.payload.bytes == expected.payload)
        #expect(first.target == expected.target && first.arrivedAt == expected.arrivedAt)
    }

    @Test(arguments: OverflowPolicy.allCases)
    func `a frame larger than the ring is refused and takes nothing with it`(policy: OverflowPolicy) {
        var ring = FrameRing(capacity: 4096, policy: policy)
        let small = [UInt8](repeating: 1, count: 10)
        let large = [UInt8](repeating: 2, count: 4096)
        small.withUnsafeBytes { _ = ring.append(ByteView($0), target: 0, arrivedAt: Timestamp(microseconds: 1)) }
        let given = large.withUnsafeBytes {
            ring.append(ByteView($0), target: 0, arrivedAt: Timestamp(microseconds: 2))
        }
        #expect(given == 1)
        #expect(ring.count == 1 && ring.dropped == 1 && ring.droppedBytes == 4096)
        #expect(ring.first?.payload.bytes == small)
    }

    @Test func `frames that fill the ring to the last byte fit`() {
        var ring = FrameRing(capacity: 4096, policy: .dropNewest)
        let frame = [UInt8](repeating: 7, count: 512 - 16)
        for _ in 0..<8 {
            let given = frame.withUnsafeBytes {
                ring.append(ByteView($0), target: 1, arrivedAt: Timestamp(microseconds: 0))
            }
            #expect(given == 0)
        }
        #expect(ring.fill == 1)
        let ninth = frame.withUnsafeBytes {
            ring.append(ByteView($0), target: 1, arrivedAt: Timestamp(microseconds: 0))
        }
        #expect(ninth == 1)
        ring.removeFirst()
        let inItsPlace = frame.withUnsafeBytes {
            ring.append(ByteView($0), target: 2, arrivedAt: Timestamp(microseconds: 0))
        }
        #expect(inItsPlace == 0)
        for _ in 0..<7 { ring.removeFirst() }
        #expect(ring.first?.target == 2)
    }

    @Test func `what was large and is empty again holds frames as before`() {
        var ring = FrameRing(capacity: 8 << 20, policy: .dropOldest)
        let frame = [UInt8](repeating: 3, count: 100_000)
        for round in 0..<5 {
            for number in 0..<60 {
                frame.withUnsafeBytes {
                    _ = ring.append(
                        ByteView($0),
                        target: UInt32(number),
                        arrivedAt: Timestamp(microseconds: Int64(round))
                    )
                }
            }
            for number in 0..<60 {
                #expect(ring.first?.target == UInt32(number))
                #expect(ring.first?.payload.bytes == frame)
                ring.removeFirst()
            }
        }
        #expect(ring.dropped == 0)
    }
}
