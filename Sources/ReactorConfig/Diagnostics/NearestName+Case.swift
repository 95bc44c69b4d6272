internal import EventPatterns

extension NearestName {
    /// The nearest candidate, whatever the case of its letters.
    static func findIgnoringCase(_ name: String, among candidates: [String]) -> String? {
        // Nobody misspells a name into a text of that length.
        guard name.utf8.count <= 64 else { return nil }
        let lowered = candidates.map { $0.lowercased() }
        let name = name.lowercased()
        guard let found = lowered.first(where: { $0 == name }) ?? Self.find(name, among: lowered) else { return nil }
        return lowered.firstIndex(of: found).map { candidates[$0] }
    }
}
