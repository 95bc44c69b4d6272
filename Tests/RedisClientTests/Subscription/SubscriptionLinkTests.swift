import NIOCore
import NIOEmbedded
import Testing

@testable import RedisClient

/// One link on a channel without a socket.
@Suite struct SubscriptionLinkTests {
    /// What a link gave away: messages and what it told, in the order of their coming.
    private final class Owner: SubscriptionLinkOwner, SubscriptionSink {
        var log: [String] = []
        var tally = DeliveryTally()
        var debt = DeliveryTally()
        /// Called when a marker is reached.
        var atMarker: (SubscriptionLink) -> Void = { _ in }
        var isAtEase = false
        var isBehind = false
        /// Whether reads are put on the log.
        var logsReads = false

        var sink: any SubscriptionSink { self }

        func receive(_ batch: inout MessageBatch) {
            while let message = batch.next() {
                let channel = String(decoding: message.channel, as: UTF8.self)
                self.log.append("\(channel): \(String(decoding: message.payload, as: UTF8.self))")
            }
        }

        func handle(_ event: SubscriptionEvent) {}

        func link(_ link: SubscriptionLink, did input: SubscriptionSupervisor.Input) {
            switch input {
            case .received(_, let drained):
                if self.logsReads { self.log.append(drained ? "read" : "reading") }
            case .probe(_, let number, let tally): self.log.append("probe \(number) after \(tally.channelMessages)")
            case .marker(_, let number):
                self.log.append("marker \(number)")
                self.atMarker(link)
            case .confirmed(_, let name, let isPattern):
                self.log.append("confirmed \(String(decoding: name, as: UTF8.self)) \(isPattern)")
            case .connected: self.log.append("connected")
            case .pong(_, let number): self.log.append("pong \(number)")
            case .ended(_, let end): self.log.append("ended \(end.label)")
            case .keptIsFull: self.log.append("full")
            default: self.log.append("\(input)")
            }
        }

        func isAtEase(_ link: SubscriptionLink) -> Bool { self.isAtEase }

        func link(_ link: SubscriptionLink, readAtEase drained: Bool) {
            if self.logsReads { self.log.append(drained ? "read at ease" : "reading at ease") }
        }

        func link(_ link: SubscriptionLink, skipped message: OversizeMessage) {
            self.log.append("oversize \(message.length)")
        }
    }

    private static let privateChannel = PrivateChannel(name: "aos.reactor.probe.t", token: "abc")

    private static func make(
        _ mode: FeedMode,
        change: (inout SubscriptionSettings) -> Void = { _ in }
    ) throws -> (channel: EmbeddedChannel, link: SubscriptionLink, owner: Owner) {
        var settings = SubscriptionSettings(instance: "t")
        settings.maxEventBytes = 100
        change(&settings)
        let owner = Owner()
        let link = SubscriptionLink(
            id: 1,
            mode: mode,
            settings: settings,
            privateChannel: Self.privateChannel,
            owner: owner,
            rest: { [weak owner] in owner?.log.append("rest of \($0)") }
        )
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(link)
        link.start(mode, RedisHandshake(endpoint: try RedisEndpoint(url: "redis://localhost"), clientName: "t"))
        return (channel, link, owner)
    }

    private static func message(_ payload: String, on channel: String = "events") -> String {
        "*3\r\n$7\r\nmessage\r\n$\(channel.utf8.count)\r\n\(channel)\r\n$\(payload.utf8.count)\r\n\(payload)\r\n"
    }

    private static func patternMessage(_ payload: String, on channel: String) -> String {
        "*4\r\n$8\r\npmessage\r\n$5\r\naos.*\r\n$\(channel.utf8.count)\r\n\(channel)\r\n"
            + "$\(payload.utf8.count)\r\n\(payload)\r\n"
    }

    private static func own(_ text: String) -> String { Self.message(text, on: "aos.reactor.probe.t") }

    private static let greeting = "+OK\r\n:7\r\n"

    /// Everything that a subscribed link may get.
    private static let stream =
        greeting + "*3\r\n$9\r\nsubscribe\r\n$6\r\nevents\r\n:1\r\n"
        + "*3\r\n$10\r\npsubscribe\r\n$5\r\naos.*\r\n:2\r\n"
        + message("one") + own("probe abc 4") + "*2\r\n$4\r\npong\r\n$2\r\n17\r\n" + message("")
        + message(String(repeating: "x", count: 300)) + patternMessage("two", on: "aos.events")
        + patternMessage("probe abc 4", on: "aos.reactor.probe.t")
        + patternMessage("probe other 4", on: "aos.reactor.probe.other") + own("something else") + own("marker abc 5")
        + message("three")

    private static let expected = [
        "connected", "confirmed events false", "confirmed aos.* true", "events: one", "probe 4 after 1", "pong 17",
        "events: ", "oversize 300", "aos.events: two", "marker 5", "events: three",
    ]

    @Test func `what is read is the same at every split`() throws {
        let bytes = Array(Self.stream.utf8)
        for split in 1..<bytes.count {
            let (channel, _, owner) = try Self.make(.deliver)
            try channel.writeInbound(ByteBuffer(bytes: bytes[..<split]))
            try channel.writeInbound(ByteBuffer(bytes: bytes[split...]))
            // Reports come behind the messages of the same read.
            #expect(owner.log.sorted() == Self.expected.sorted(), "split at \(split)")
            let messages = owner.log.filter { $0.contains(": ") }
            #expect(messages == Self.expected.filter { $0.contains(": ") }, "split at \(split)")
            #expect(try channel.finish(acceptAlreadyClosed: true).isLeftOvers)
        }
    }

    @Test func `under a flood it rests between its reads, but not when it is behind`() throws {
        let moderation = ReadModeration()
        let (channel, _, owner) = try Self.make(.deliver) { $0.maxEventBytes = 1 << 20 }
        try channel.writeInbound(ByteBuffer(string: Self.greeting))
        owner.logsReads = true
        func run(_ bytes: Int) -> [String] {
            owner.log = []
            let frame = Self.message(String(repeating: "x", count: 10_000))
            for _ in 0..<max(1, bytes / frame.utf8.count) {
                channel.pipeline.syncOperations.fireChannelRead(NIOAny(ByteBuffer(string: frame)))
            }
            channel.pipeline.syncOperations.fireChannelReadComplete()
            return owner.log.filter { !$0.contains(": ") && $0 != "reading" }
        }
        let rested = ["read", "rest of \(moderation.rest)"]
        for _ in 1..<moderation.floodRuns { #expect(run(10_100) == ["read"]) }
        #expect(run(10_100) == rested)
        #expect(run(moderation.flood.upperBound - 1) == rested)
        #expect(run(moderation.flood.upperBound + 10_100) == ["read"])
        owner.isBehind = true
        #expect(run(10_100) == ["read"])
        owner.isBehind = false
        owner.log = []
        try channel.writeInbound(ByteBuffer(string: Self.message("one event")))
        #expect(owner.log == ["reading", "events: one event", "read"])
        // A burst is no flood.
        #expect(run(10_100) == ["read"])
    }

    @Test func `one byte at a time is read in its exact order`() throws {
        let (channel, _, owner) = try Self.make(.deliver)
        for byte in Self.stream.utf8 { try channel.writeInbound(ByteBuffer(bytes: [byte])) }
        #expect(owner.log == Self.expected)
    }

    @Test func `what an earlier link delivered already is delivered again, and counted once`() throws {
        let (channel, link, owner) = try Self.make(.keep)
        // Of the ten that were counted the last three may come again.
        owner.tally.channelMessages = 10
        owner.debt.channelMessages = 3
        let kept = Self.message("again 1") + Self.own("probe abc 1") + Self.message("again 2") + Self.own("probe abc 2")
        try channel.writeInbound(ByteBuffer(string: Self.greeting + kept))
        link.release(fromMark: false)
        #expect(owner.debt.channelMessages == 1)
        // The third comes straight from the wire, and after it what is new.
        let rest = Self.message("again 3") + Self.message("new 1") + Self.own("probe abc 3") + Self.message("new 2")
        try channel.writeInbound(ByteBuffer(string: rest))
        #expect(
            owner.log == [
                "connected", "events: again 1", "events: again 2", "probe 1 after 10", "probe 2 after 10",
                "events: again 3", "events: new 1", "events: new 2", "probe 3 after 11",
            ]
        )
        #expect(owner.tally.channelMessages == 12)
        #expect(!owner.debt.hasMessages)
    }

    @Test func `a read at ease is told behind its messages, and before anything else that it brought`() throws {
        let (channel, _, owner) = try Self.make(.deliver)
        try channel.writeInbound(ByteBuffer(string: Self.greeting))
        owner.log = []
        owner.logsReads = true
        try channel.writeInbound(ByteBuffer(string: Self.message("one")))
        #expect(owner.log == ["reading", "events: one", "read"])
        owner.log = []
        owner.isAtEase = true
        try channel.writeInbound(ByteBuffer(string: Self.message("two")))
        #expect(owner.log == ["events: two", "read at ease"])
        owner.log = []
        try channel.writeInbound(ByteBuffer(string: Self.message("three") + Self.own("probe abc 1")))
        #expect(owner.log == ["events: three", "reading", "probe 1 after 3", "read"])
        // Several reads in one turn are one run, told once.
        owner.log = []
        for payload in ["four", "five"] {
            channel.pipeline.fireChannelRead(ByteBuffer(string: Self.message(payload)))
        }
        channel.pipeline.fireChannelReadComplete()
        #expect(owner.log == ["events: four", "events: five", "read at ease"])
    }

    @Test func `a link that has left its channel keeps nobody alive`() throws {
        var (channel, link, owner): (EmbeddedChannel, SubscriptionLink, Owner?) = try Self.make(.deliver)
        weak let kept = owner
        owner = nil
        #expect(kept != nil)
        try channel.close().wait()
        channel.embeddedEventLoop.run()
        #expect(kept == nil)
        withExtendedLifetime((channel, link)) {}
    }

    @Test func `a link that keeps gives everything, or what came after its marker`() throws {
        for fromMark in [false, true] {
            let (channel, link, owner) = try Self.make(.keep)
            owner.atMarker = { $0.markKept() }
            let stream =
                Self.greeting + Self.message("before") + Self.own("probe abc 1") + Self.own("marker abc 2")
                + Self.message("after") + Self.own("probe abc 3")
            try channel.writeInbound(ByteBuffer(string: stream))
            #expect(owner.log == ["connected", "marker 2"])
            link.release(fromMark: fromMark)
            let after = fromMark ? ["events: after", "probe 3 after 1"] : []
            let all = fromMark ? [] : ["events: before", "events: after", "probe 1 after 1", "probe 3 after 2"]
            #expect(owner.log == ["connected", "marker 2"] + after + all)
            try channel.writeInbound(ByteBuffer(string: Self.message("later")))
            #expect(owner.log.last == "events: later")
        }
    }

    @Test func `a link that skips to its marker delivers what stands behind it in the same read`() throws {
        let (channel, link, owner) = try Self.make(.keep)
        try channel.writeInbound(ByteBuffer(string: Self.greeting + Self.message("kept")))
        link.skip()
        owner.atMarker = { $0.deliver() }
        let stream = Self.message("skipped") + Self.own("marker abc 2") + Self.message("delivered")
        try channel.writeInbound(ByteBuffer(string: stream))
        #expect(owner.log == ["connected", "marker 2", "events: delivered"])
    }

    @Test func `a link that can keep no more says so once, and drops nothing`() throws {
        let (channel, link, owner) = try Self.make(.keep) { $0.handoverBufferBytes = 1_000 }
        try channel.writeInbound(ByteBuffer(string: Self.greeting))
        for number in 0..<100 { try channel.writeInbound(ByteBuffer(string: Self.message("message \(number)"))) }
        #expect(owner.log == ["connected", "full"])
        link.release(fromMark: false)
        // This channel gives bytes whether they are read or not, and none was dropped.
        #expect(owner.log.count == 102)
    }

    @Test func `a link that was closed in the middle of a read gives nothing more`() throws {
        let (channel, _, owner) = try Self.make(.deliver)
        owner.atMarker = { $0.close() }
        let stream = Self.greeting + Self.message("one") + Self.own("marker abc 2") + Self.message("two")
        try channel.writeInbound(ByteBuffer(string: stream))
        #expect(owner.log == ["connected", "events: one", "marker 2"])
        #expect(!channel.isActive)
    }

    @Test(
        arguments: [
            ("-NOPERM no channel for you\r\n", "ended no_permission"),
            ("-LOADING Redis is loading the dataset in memory\r\n", "ended loading"),
            ("-NOAUTH Authentication required.\r\n", "ended no_auth"), ("-MOVED 1 host:1\r\n", "ended moved"),
            ("*3\r\n$7\r\nmessage\r\n$6\r\nevents\r\n$3\r\nabcXY", "ended protocol_violation"),
            ("HTTP/1.1 400 Bad Request\r\n", "ended protocol_violation"),
        ]
    )
    func `what ends a link is named`(answer: String, name: String) throws {
        let (channel, _, owner) = try Self.make(.deliver)
        try channel.writeInbound(ByteBuffer(string: Self.greeting + answer))
        #expect(owner.log.last == name)
        #expect(!channel.isActive)
    }

    @Test func `an end in the middle of a message is told from an end between two`() throws {
        for (rest, label) in [("", "closed"), ("*3\r\n$7\r\nmess", "closed_mid_frame")] {
            let (channel, _, owner) = try Self.make(.deliver)
            try channel.writeInbound(ByteBuffer(string: Self.greeting + Self.message("one") + rest))
            try channel.close().wait()
            #expect(owner.log.last == "ended \(label)")
        }
    }
}

extension EmbeddedChannel.LeftOverState {
    /// The greeting that nobody took is all that may be left.
    fileprivate var isLeftOvers: Bool { self.hasLeftOvers || self.isClean }
}
