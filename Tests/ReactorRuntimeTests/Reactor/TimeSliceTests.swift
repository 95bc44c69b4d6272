import CScheduling
import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import ReactorRuntime

/// What a thread asks of the kernel, on threads of the tests' own.
@Suite struct TimeSliceTests {
    /// `SCHED_BATCH` of sched(7), which the C library names only for programs of its own dialect.
    private static let batch: UInt32 = 3

    private static func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws -> Value {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let value = try await group.any().submit(body).get()
        try await group.shutdownGracefully()
        return value
    }

    /// The slice, the policy and the niceness of the calling thread.
    private static func attributes() -> (slice: UInt64, policy: UInt32, nice: Int32) {
        var attributes = scheduling_attributes()
        guard scheduling_read(&attributes) == 0 else { return (0, .max, 0) }
        return (attributes.runtime, attributes.policy, attributes.nice)
    }

    @Test func `a thread gets a short slice and stays as it was otherwise`() async throws {
        let (before, wasTaken, after) = try await Self.onOwnThread {
            // A thread may make itself nicer, and must not become less so.
            _ = nice(3)
            return (Self.attributes(), TimeSlice.shorten(), Self.attributes())
        }
        #expect(wasTaken)
        #expect(after.policy == before.policy)
        #expect(after.nice == 3)
        // A kernel that knows no slices of one's own says 0 before and after.
        #expect(after.slice == TimeSlice.shortest || after.slice == 0 && before.slice == 0)
    }

    @Test func `a thread that was given another policy is left alone`() async throws {
        let (wasTaken, after) = try await Self.onOwnThread {
            var attributes = scheduling_attributes()
            attributes.policy = Self.batch
            #expect(scheduling_write(&attributes) == 0)
            return (TimeSlice.shorten(), Self.attributes())
        }
        #expect(!wasTaken)
        #expect(after.policy == Self.batch)
        #expect(after.slice != TimeSlice.shortest)
    }

    @Test func `timers wake a thread when it asked for it, and not another thread`() async throws {
        let (before, wasTaken, after) = try await Self.onOwnThread {
            (timer_slack_read(), TimerSlack.forgo(), timer_slack_read())
        }
        #expect(before > 1)
        #expect(wasTaken)
        #expect(after == 1)
        #expect(try await Self.onOwnThread { timer_slack_read() } == before)
    }
}
