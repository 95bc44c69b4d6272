import AdminAPI
import ArgumentParser
import AsyncHTTPClient
import Events
import NIOCore
import NIOHTTP1

struct Tap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch events pass through a running reactor, with what each handler did.",
        discussion: """
            Every event is shown, none is sampled; should this program read too slowly, it says how many it missed. Ends with
            the reactor, or when nobody reads what it writes.

            Example: aos-reactor tap --on 'run.*' --on incident.created
            """
    )

    @Option(name: .customLong("on"), help: "Event type, prefix.* or * (may be given several times).")
    var on: [String] = []

    @Flag(help: "Lines of JSON, whole events.")
    var json = false

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let query = self.on.isEmpty ? "" : "?" + self.on.map { "on=\(URLText.escape($0))" }.joined(separator: "&")
        let response = try await self.admin.get(.tap, query: query)
        guard response.status == .ok else {
            let body = try await response.body.collect(upTo: 1 << 20)
            Terminal.standardError.print("error: \(response.status.code): \(String(buffer: body))")
            throw ExitCode.usage
        }
        do {
            try await self.show(response.body)
        } catch {
            Terminal.standardError.print("error: the reactor has gone: \(error)")
            throw ExitCode.unavailable
        }
    }

    private func show(_ body: HTTPClientResponse.Body) async throws {
        var pending: [UInt8] = []
        for try await chunk in body {
            pending += chunk.readableBytesView
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                guard self.show(Array(pending[..<end])) else { return }
                pending.removeSubrange(...end)
            }
        }
    }

    /// - Returns: Whether somebody reads it.
    private func show(_ line: [UInt8]) -> Bool {
        guard !line.isEmpty else { return true }
        if self.json { return Terminal.standardOutput.write(line + [UInt8(ascii: "\n")]) }
        guard let event = try? line.withUnsafeBytes({ try JSONValue.parse(ByteView($0)) }) else { return true }
        if let missed = event["missed_before"]?.intValue, missed > 0 {
            Terminal.standardError.print("(\(missed) events were not shown: this program read too slowly)")
        }
        return Terminal.standardOutput.print(DemoLine.text(event))
    }
}
