import EventPatterns
import Hummingbird
import HummingbirdCore
import ReactorRuntime
import ServiceLifecycle
import Synchronization

/// How many taps are open.
final class TapCount: Sendable {
    let limit: Int
    private let open = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Two requests at the same moment may both find the last place; the limit guards resources, not an invariant.
    var hasRoom: Bool { self.open.load(ordering: .relaxed) < self.limit }

    func enter() { self.open.wrappingAdd(1, ordering: .relaxed) }
    func leave() { self.open.wrappingSubtract(1, ordering: .relaxed) }
}

extension Response {
    /// Lines of JSON as events are handled, until the client goes or the reactor stops.
    ///
    /// The events are asked for when the body is written, so that a HEAD request costs nothing.
    static func tap(
        _ patterns: [TypePattern],
        of inspector: any ReactorInspecting,
        request: Request,
        taps: TapCount
    ) -> Response {
        let body = ResponseBody { writer in
            taps.enter()
            defer { taps.leave() }
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                for await line in await inspector.tap(on: patterns).cancelOnGracefulShutdown() {
                    try await writer.write(ByteBuffer(bytes: line + [UInt8(ascii: "\n")]))
                }
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: body)
    }
}
