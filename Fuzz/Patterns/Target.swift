import Events

/// Any bytes as a pattern and an event, with a byte 0 between them; perhaps a third part, which is the pattern's `not`.
///
/// Whatever comes, the compiler accepts it or refuses it with a reason, the analysis comes to an end, and all matchers
/// give one answer. The naive one takes exponential time, so it is asked about small inputs only.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start else { return 0 }
    let parts = UnsafeBufferPointer(start: start, count: count).split(
        separator: 0,
        maxSplits: 2,
        omittingEmptySubsequences: false
    ).map { Array($0) }
    let not = parts.count > 2 ? parts[2] : nil
    guard let pattern = compile(parts[0], not) else { return 0 }
    _ = PatternAnalysis.findings([AnalyzedRule(name: "a", on: [.any], match: pattern)])
    _ = "\(PatternCost(of: pattern))"
    guard parts.count > 1 else { return 0 }
    check(pattern, parts[0], not, event: parts[1])
    return 0
}

/// The pattern, compiled by the rules of JSON; what these accept means the same by the rules of YAML.
private func compile(_ match: [UInt8], _ not: [UInt8]?) -> EventPattern? {
    do throws(PatternError) {
        let pattern = try EventPattern.parse(json: match, not: not)
        guard (try? EventPattern.parse(json: match, not: not, options: .yaml)) == pattern else {
            fatalError("readers differ: by the rules of YAML this is another pattern")
        }
        return pattern
    } catch {
        if error.problems.isEmpty || error.problems.contains(where: { $0.mark.line < 1 || $0.mark.column < 1 }) {
            fatalError("a refusal without a reason or a place")
        }
        return nil
    }
}

private func check(_ pattern: EventPattern, _ match: [UInt8], _ not: [UInt8]?, event: [UInt8]) {
    let rules = [RuleSpecification(on: [.any], match: pattern), RuleSpecification(on: [.prefix("t.")])]
    let matchers = [0, Int.max].map { RuleMatcher(CompiledRules(rules, scanLimit: $0)) }
    guard let explanation = try? pattern.explain(json: event) else { return }
    // What the reader of patterns takes for an object, and how deep, is decided by other code than the extractor's.
    guard let node = try? PatternNode.parse(json: event), case .object = node else { return }
    let isMatch = explanation.isMatch
    event.withUnsafeBytes { bytes in
        for matcher in matchers {
            let extractor = FieldExtractor(fields: matcher.fields)
            guard let leaves = try? extractor.extract(ByteView(bytes)) else {
                fatalError("readers differ: one matcher can read the event, the other cannot")
            }
            if matcher.match(eventType: "t.x", leaves: leaves).contains(0) != isMatch {
                fatalError("readers differ: the explanation says \(isMatch)")
            }
            if let document = try? EventDocument(json: event, paths: matcher.paths),
                matcher.match(eventType: "t.x", document: document).contains(0) != isMatch
            {
                fatalError("readers differ: the document says other than the leaves, which say \(isMatch)")
            }
        }
    }
    guard match.count + (not?.count ?? 0) <= 300, event.count <= 200, let pattern = try? PatternNode.parse(json: match)
    else { return }
    let excluded = not.flatMap { try? PatternNode.parse(json: $0) }.map { NaiveMatcher.branches(of: $0) } ?? []
    let branches = NaiveMatcher.branches(of: pattern)
    guard branches.count + excluded.count <= 64 else { return }
    if NaiveMatcher.matches(branches, not: excluded, values: NaiveMatcher.flatten(node)) != isMatch {
        fatalError("readers differ: the naive matcher says \(!isMatch)")
    }
}
