import ArgumentParser
import Events
import ReactorConfig
import ReactorRuntime
import RedisClient

struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish an event, as a producer would.",
        discussion: """
            Example: aos-reactor publish run.failed --payload '{"run_id": "r1"}'
            Example: aos-reactor publish run.started --count 100 --rate 10
            Example: jq '.run' report.json | aos-reactor publish run.failed --payload -
            """
    )

    @Argument(help: "Event type, for example run.failed.")
    var type: String

    @Option(help: "The payload, a JSON object; - reads it from standard input.")
    var payload = "{}"

    @Option(help: "How many times.")
    var count = 1

    @Option(help: "How many a second; as fast as possible without.")
    var rate: Double?

    @Option(help: "Channel (default: the first one that the configuration listens to).")
    var channel: String?

    @OptionGroup var redis: RedisOptions

    func validate() throws {
        guard !self.type.isEmpty else { throw ValidationError("the event type is empty") }
        guard self.count > 0 else { throw ValidationError("--count takes a whole number above 0") }
        guard self.rate.map({ $0 > 0 }) ?? true else { throw ValidationError("--rate takes a number above 0") }
    }

    func run() async throws {
        let payload = try self.readPayload()
        try await self.redis.withCommands { commands, configuration in
            let channel = self.channel ?? configuration.publishChannel
            var listeners: Int64 = 0
            let pace = Pace(rate: self.rate)
            for number in 0..<self.count {
                await pace.wait(for: number)
                let writer = EnvelopeWriter(
                    eventType: self.type,
                    timestamp: PipelineClock.system.wall(),
                    source: "aos-reactor-cli",
                    payload: payload
                )
                let publish = RedisCommand([Array("PUBLISH".utf8), Array(channel.utf8), writer.bytes])
                if case .integer(let receivers) = try await commands.send(publish) { listeners = receivers }
            }
            let events = self.count == 1 ? "event" : "events"
            Terminal.standardOutput.print("\(self.count) \(events) published on \(channel), \(listeners) subscribers")
            if listeners == 0 { Terminal.standardError.print("warning: nobody listens on \(channel)") }
        }
    }

    private func readPayload() throws -> JSONValue {
        let text: [UInt8] =
            self.payload == "-" ? StandardInput.read() : Array(self.payload.utf8)
        do {
            let value = try text.withUnsafeBytes { try JSONValue.parse(ByteView($0)) }
            guard case .object = value else { throw ValidationError("not an object") }
            return value
        } catch {
            Terminal.standardError.print("error: the payload must be a JSON object: \(error)")
            throw ExitCode.badInput
        }
    }
}
