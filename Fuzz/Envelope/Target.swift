/// Decodes random bytes as an event: whatever comes, the decoder must neither fail nor read outside the frame, and what
/// it accepts must hold together.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let decoder = EnvelopeDecoder(fields: FieldSet(paths: ["event_type", "payload.cost_usd", "payload.tags", "a.b"]))
    let outcome = decoder.decode(ByteView(start: start, count: count), arrivedAt: Timestamp(microseconds: 0))
    guard case .envelope(let envelope) = outcome else { return 0 }
    if envelope.eventType.isEmpty { fatalError("an event without a type was accepted") }
    // The whole frame was checked, so its payload is JSON by the same rules, except for numbers that are not finite.
    if !envelope.hadNonFiniteNumber {
        guard let payload = try? JSONValue.parse(envelope.payload), case .object = payload else {
            fatalError("the payload of an accepted event is not an object")
        }
    }
    return 0
}
