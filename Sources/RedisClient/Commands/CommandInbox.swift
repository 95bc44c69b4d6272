import DequeModule
import NIOCore
import Synchronization

/// Who is told how a command ended.
enum ReplyReceiver: Sendable {
    /// A task that waits for one reply.
    case task(CheckedContinuation<Result<RedisReply, RedisError>, Never>)
    /// A function, called on the client's event loop.
    case callback(@Sendable (Result<RedisReply, RedisError>) -> Void)
    /// One place in the replies of a pipeline.
    case part(CommandBatch, index: Int)
    /// Nobody.
    case nobody

    func resume(_ result: Result<RedisReply, RedisError>) {
        switch self {
        case .task(let continuation): continuation.resume(returning: result)
        case .callback(let body): body(result)
        case .part(let batch, let index): batch.put(result, at: index)
        case .nobody: break
        }
    }
}

/// The replies of commands that were given together, in their order.
///
/// Confined to the client's event loop: made there, and every reply is given there. That makes the unchecked claim true.
final class CommandBatch: @unchecked Sendable {
    private var replies: [RedisReply]
    private var left: Int
    private var continuation: CheckedContinuation<Result<[RedisReply], RedisError>, Never>?

    init(count: Int, continuation: CheckedContinuation<Result<[RedisReply], RedisError>, Never>) {
        self.replies = Array(repeating: .null, count: count)
        self.left = count
        self.continuation = continuation
    }

    func put(_ result: Result<RedisReply, RedisError>, at index: Int) {
        switch result {
        case .failure(let error):
            // The first failure ends the wait; replies that follow are dropped.
            self.continuation.take()?.resume(returning: .failure(error))
        case .success(let reply):
            self.replies[index] = reply
            self.left -= 1
            if self.left == 0 { self.continuation.take()?.resume(returning: .success(self.replies)) }
        }
    }
}

/// The number of a command that may be cancelled, once it has one.
final class CommandTicket: Sendable {
    private let number = Atomic<UInt64>(0)

    /// Nil before the command was submitted.
    var id: UInt64? {
        let number = self.number.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }

    func issue(_ id: UInt64) {
        self.number.store(id, ordering: .releasing)
    }
}

/// What has been asked of a client since its event loop looked last.
struct CommandInbox: Sendable {
    enum Item: Sendable {
        case command(
            id: UInt64,
            RedisCommand,
            deadline: NIODeadline,
            waitsForConnection: Bool,
            receiver: ReplyReceiver
        )
        case batch(
            id: UInt64,
            [RedisCommand],
            deadline: NIODeadline,
            continuation: CheckedContinuation<Result<[RedisReply], RedisError>, Never>
        )
        /// Gives up `count` commands whose ids start here.
        case cancel(id: UInt64, count: Int)
    }

    private var items: Deque<Item> = []
    private var nextID: UInt64 = 1
    private var isScheduled = false

    /// Numbers for that many commands, which grow in the order of submission.
    mutating func takeIDs(_ count: Int) -> UInt64 {
        defer { self.nextID += UInt64(count) }
        return self.nextID
    }

    /// Adds an item.
    ///
    /// - Returns: whether the event loop has to be told.
    mutating func add(_ item: Item) -> Bool {
        self.items.append(item)
        defer { self.isScheduled = true }
        return !self.isScheduled
    }

    /// Everything that has come.
    mutating func drain() -> Deque<Item> {
        defer { self.items = [] }
        self.isScheduled = false
        return self.items
    }
}
