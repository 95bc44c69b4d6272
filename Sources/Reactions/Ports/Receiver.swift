/// Somebody who is told of alerts that were decided to go out.
package protocol Receiver: Sendable {
    var name: String { get }

    func deliver(_ alert: Alert, _ receipt: Receipt) async throws
}
