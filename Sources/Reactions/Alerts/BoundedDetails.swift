package import Events

/// Keeps the details of an alert small enough to be kept for a while: they may hold whatever a producer wrote.
package enum BoundedDetails {
    /// Bytes that the details of one alert may have, roughly.
    package static let maxBytes = 8 * 1024

    /// The value itself while it is small; else with its long texts clipped and its last elements left out, and
    /// `details_truncated: true` beside them.
    package static func bounded(_ value: JSONValue) -> JSONValue {
        var budget = Self.maxBytes
        Self.spend(on: value, &budget)
        guard budget < 0 else { return value }
        budget = Self.maxBytes
        let kept = Self.keep(value, &budget)
        guard case .object(let members) = kept else { return kept }
        return .object(members + [JSONMember("details_truncated", true)])
    }

    /// Takes what a value needs from the budget, which turns negative when that is too much.
    private static func spend(on value: JSONValue, _ budget: inout Int) {
        switch value {
        case .null, .bool: budget = Self.spend(4, from: budget)
        case .number(let text): budget = Self.spend(text.utf8.count, from: budget)
        case .string(let text): budget = Self.spend(text.utf8.count + 2, from: budget)
        case .array(let elements):
            for element in elements where budget >= 0 { Self.spend(on: element, &budget) }
        case .object(let members):
            for member in members where budget >= 0 {
                budget = Self.spend(member.name.utf8.count + 3, from: budget)
                Self.spend(on: member.value, &budget)
            }
        }
    }

    /// What fits into the budget; the budget turns negative when something did not.
    private static func keep(_ value: JSONValue, _ budget: inout Int) -> JSONValue {
        switch value {
        case .null, .bool:
            budget = Self.spend(4, from: budget)
            return value
        case .number(let text):
            budget = Self.spend(text.utf8.count, from: budget)
            return value
        case .string(let text):
            let room = max(0, budget)
            budget = Self.spend(text.utf8.count + 2, from: budget)
            return budget < 0 ? .string(ClippedText.text(text, max(room, 16))) : value
        case .array(let elements):
            var kept: [JSONValue] = []
            for element in elements {
                if budget < 0 { break }
                kept.append(Self.keep(element, &budget))
            }
            return .array(kept)
        case .object(let members):
            var kept: [JSONMember] = []
            for member in members {
                if budget < 0 { break }
                budget = Self.spend(member.name.utf8.count + 3, from: budget)
                kept.append(JSONMember(ClippedText.text(member.name, 128), Self.keep(member.value, &budget)))
            }
            return .object(kept)
        }
    }

    private static func spend(_ bytes: Int, from budget: Int) -> Int {
        budget < bytes ? -1 : budget - bytes
    }
}
