import Events
import Testing

/// Parsers go from one text to the next.
@Suite struct SharedParsersTests {
    @Test func `texts that are read by many tasks at once are each read as their own`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for number in 0..<200 {
                        // Now and then one that is too long for its parser to be kept, and one that is refused.
                        let length = number % 50 == 49 ? 100_000 : number % 7
                        let text = String(repeating: "ä\\n", count: length)
                        let value = try JSONValue.parse("{\"task\": \(task), \"list\": [\(number), \"\(text)\"]}")
                        #expect(value["task"] == .number(task))
                        let expected = JSONValue.string(String(repeating: "ä\n", count: length))
                        #expect(value["list"]?.arrayValue == [.number(number), expected])
                        #expect(throws: JSONError.self) { try JSONValue.parse("{\"task\": \(task), ") }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
