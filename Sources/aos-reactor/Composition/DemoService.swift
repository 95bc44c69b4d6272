import EventPatterns
import Events
import Logging
import NIOPosix
import ReactorConfig
import ReactorRuntime
import RedisClient
import ServiceLifecycle
import SyntheticEvents

/// Shows a newcomer, on the running reactor, what it does: plays a scenario through the channel once and prints what
/// comes by; then says how to go on.
struct DemoService: Service {
    let reactor: Reactor
    let configuration: ReactorConfiguration
    let endpoint: RedisEndpoint
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await self.waitUntilReady()
            guard !Task.isCancelled else { return }
            await withDiscardingTaskGroup { group in
                let events = await self.reactor.tap(on: [])
                group.addTask { await self.narrate(events) }
                group.addTask {
                    let events = DemoScenario.events(epoch: PipelineClock.system.wall())
                    await self.play(events)
                    self.explain(run: events.first?.runID ?? "RUN")
                }
            }
        }
    }

    private func waitUntilReady() async {
        while !self.reactor.isRunning, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// One short line for each event that comes by, for as long as the reactor runs.
    private func narrate(_ events: AsyncStream<[UInt8]>) async {
        for await line in events {
            guard let event = try? line.withUnsafeBytes({ try JSONValue.parse(ByteView($0)) }) else { continue }
            Terminal.standardOutput.print(DemoLine.text(event))
        }
    }

    private func play(_ events: [SyntheticEvent]) async {
        Terminal.standardOutput.print(
            "\nA demonstration: ten seconds of made-up agent runs, published on aos.events.\n"
        )
        let commands = RedisCommandClient(
            endpoint: self.endpoint,
            clientName: "aos-reactor:demo",
            eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: self.logger
        )
        await withDiscardingTaskGroup { group in
            group.addTask { await commands.run() }
            let begin = ContinuousClock.now
            for event in events {
                try? await Task.sleep(until: begin + event.offset)
                guard !Task.isCancelled else { break }
                let frame = event.frame(publishedAt: PipelineClock.system.wall())
                let publish = RedisCommand([
                    Array("PUBLISH".utf8), Array(self.configuration.publishChannel.utf8), frame,
                ])
                do {
                    _ = try await commands.send(publish)
                } catch {
                    self.logger.warning(
                        "an event of the demonstration was not published",
                        metadata: ["reason": "\(error)"]
                    )
                }
            }
            // What the last event brings about is told before the end is.
            try? await Task.sleep(for: .milliseconds(300))
            await commands.stop()
        }
    }

    /// - Parameter run: the first run of the demonstration, of which something was missing.
    private func explain(run: String) {
        let socket =
            if case .unix(let path) = self.endpoint.address { path } else { "" }
        let admin =
            switch self.configuration.http.listen {
            case .off: "off (http.listen)"
            case .tcp: "http://\(self.configuration.http.listen)/readyz  /metrics  /v1/status  /v1/alerts"
            case .unix(let path): "unix socket \(path): /readyz  /metrics  /v1/status  /v1/alerts"
            }
        Terminal.standardOutput.print(
            """

            That was the demonstration. The reactor goes on; Ctrl-C stops it.
              publish an event    .build/release/aos-reactor publish run.failed --payload '{"run_id": "r1", "error": "boom"}'
                                  redis-cli -s \(socket) PUBLISH aos.events '{"event_type": "run.failed", "payload": {}}'
              ask why, or why not .build/release/aos-reactor explain \(run)
              watch events        .build/release/aos-reactor tap
              health and metrics  \(admin)
              your own rules      handlers/*.yaml, then kill -HUP this process
              your own Redis      REDIS_URL=redis://... make run

            """
        )
    }
}

/// An event in one line, for people.
enum DemoLine {
    static func text(_ event: JSONValue) -> String {
        let time = String((event["arrived_at"]?.stringValue ?? "").dropFirst(11).prefix(12))
        let type = event["event_type"]?.stringValue ?? "?"
        let run = event["payload"]?["run_id"]?.stringValue ?? ""
        let handlers = (event["handlers"]?.arrayValue ?? []).compactMap { handler -> String? in
            guard let name = handler["handler"]?.stringValue, let did = handler["did"]?.stringValue, did != "nothing"
            else { return nil }
            return "\(name): \(did)"
        }
        let pad = String(repeating: " ", count: max(1, 32 - type.utf8.count))
        let line = "\(time)  \(type)\(pad)\(run)"
        return handlers.isEmpty ? line : "\(line)  -> \(handlers.joined(separator: "; "))"
    }
}
