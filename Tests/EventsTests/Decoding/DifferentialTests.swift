import Events
import Testing

/// What an envelope must come to, worked out from a whole parsed value.
private enum Expected: Equatable {
    case rejected(QuarantineReason)
    case event(type: String, payload: JSONValue, runID: String, tenantID: String)

    init(_ frame: [UInt8]) {
        do {
            self.init(try NaiveJSON.parse(frame, acceptsNonFinite: true))
        } catch {
            switch error {
            case .notJSON: self = .rejected(.notJSON)
            case .invalidUTF8: self = .rejected(.invalidUTF8)
            case .tooDeep: self = .rejected(.tooDeep)
            }
        }
    }

    private init(_ value: JSONValue) {
        guard case .object(let members) = value else {
            self = .rejected(.notAnObject)
            return
        }
        guard Set(members.map { Array($0.name.utf8) }).count == members.count else {
            self = .rejected(.duplicateKey)
            return
        }
        let isCloudEvent = value["specversion"] != nil
        if isCloudEvent, value["specversion"]?.stringValue?.hasPrefix("1.") != true {
            self = .rejected(.unsupportedSpecVersion)
            return
        }
        let type = isCloudEvent ? value["type"] : value["event_type"] ?? value["topic"]
        let payload = isCloudEvent ? value["data"] : value["payload"]
        switch (type, payload ?? .object([])) {
        case (nil, _): self = .rejected(.eventTypeMissing)
        case (.string(let type), .object) where !type.isEmpty:
            let payload = payload ?? .object([])
            let tenant = value["tenant_id"]?.stringValue ?? payload["tenant_id"]?.stringValue ?? ""
            self = .event(
                type: type,
                payload: payload,
                runID: payload["run_id"]?.stringValue ?? "",
                tenantID: tenant
            )
        case (.string(""), _): self = .rejected(.eventTypeEmpty)
        case (.string, _): self = .rejected(.payloadNotAnObject)
        default: self = .rejected(.eventTypeNotAString)
        }
    }
}

@Suite struct DifferentialTests {
    private let fields = FieldSet(paths: DocumentGenerator.paths)

    private func compare(_ frame: [UInt8], _ decoder: EnvelopeDecoder, _ accepted: inout Int) {
        let text = String(decoding: frame, as: UTF8.self)
        switch (outcome(frame, fields: self.fields, decoder: decoder), Expected(frame)) {
        case (.rejected(let reason), let expected):
            #expect(expected == .rejected(reason), "\(text)")
        case (.decoded(let decoded), .event(let type, let payload, let runID, let tenantID)):
            accepted += 1
            #expect(decoded.eventType == type, "\(text)")
            #expect(decoded.event.payload == payload, "\(text)")
            #expect(decoded.runID == runID, "\(text)")
            #expect(decoded.tenantID == tenantID, "\(text)")
        case (.decoded, let expected):
            Issue.record("accepted, but \(expected): \(text)")
        }
    }

    @Test(arguments: 0..<8)
    func `random envelopes, whole and damaged, are judged as by the slow reader`(seed: Int) {
        var generator = DocumentGenerator(seed: UInt64(seed))
        let decoder = EnvelopeDecoder()
        var accepted = 0
        for _ in 0..<500 {
            let frame = generator.envelope()
            self.compare(frame, decoder, &accepted)
            for _ in 0..<4 { self.compare(generator.damaged(frame), decoder, &accepted) }
        }
        #expect(accepted > 100, "too few events to mean anything")
    }

    @Test(arguments: 0..<8)
    func `random documents, whole and damaged, give the slow reader's values and leaves`(seed: Int) {
        var generator = DocumentGenerator(seed: UInt64(1_000 + seed))
        let extractor = FieldExtractor(fields: self.fields)
        var leafCount = 0
        for _ in 0..<500 {
            let document = generator.document()
            for text in [document, generator.damaged(document)] {
                let shown = String(decoding: text, as: UTF8.self)
                let expected = try? NaiveJSON.parse(text)
                #expect((try? JSONValue.parse(text)) == expected, "\(shown)")
                let leaves = text.withUnsafeBytes { try? extractor.extract(ByteView($0)).owned(self.fields) }
                let expectedLeaves = expected.map { NaiveLeaves.of($0, paths: self.fields.paths).withArraysRenumbered }
                #expect(leaves?.withArraysRenumbered == expectedLeaves, "\(shown)")
                leafCount += leaves?.count ?? 0
            }
        }
        #expect(leafCount > 100, "too few leaves to mean anything")
    }

    @Test(arguments: [7, 8, 9, 16, 17, 19])
    func `a number with any byte in any place among its digits is judged as by the slow reader`(digits: Int) {
        let decoder = EnvelopeDecoder()
        var accepted = 0
        for start in ["", "-", "1.", "1e", "0."] {
            for place in 0..<digits {
                for byte in UInt8.min ... .max {
                    var number = Array(start.utf8) + (0..<digits).map { UInt8(ascii: "1") + UInt8($0 % 9) }
                    number[start.utf8.count + place] = byte
                    let frame = Array(#"{"event_type":"a","payload":{"n":"#.utf8) + number + Array("}}".utf8)
                    self.compare(frame, decoder, &accepted)
                }
            }
        }
        // Digits in all places, and some others in some.
        #expect(accepted > digits * 10 * 5)
    }

    @Test(arguments: 0..<6)
    func `every truncation of random documents is judged as by the slow reader`(seed: Int) {
        var generator = DocumentGenerator(seed: UInt64(2_000 + seed))
        let decoder = EnvelopeDecoder()
        var accepted = 0
        for _ in 0..<4 {
            let frame = generator.envelope()
            for count in 0...frame.count { self.compare(Array(frame.prefix(count)), decoder, &accepted) }
        }
    }

    @Test(arguments: 0..<4)
    func `what is written is read back as it was`(seed: Int) throws {
        var generator = DocumentGenerator(seed: UInt64(3_000 + seed))
        for _ in 0..<300 {
            guard let value = try? JSONValue.parse(generator.document()) else { continue }
            #expect(try JSONValue.parse(value.compactBytes) == value)
            var spaced: [UInt8] = []
            value.write(into: &spaced, style: .spaced)
            #expect(try JSONValue.parse(spaced) == value)
        }
    }
}
