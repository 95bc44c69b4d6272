internal import EventPatterns
internal import Reactions

/// Reads `alerts.mute_intervals`: times in which routes that name them are silent, in the words of Alertmanager's
/// `time_intervals`.
struct MuteIntervalsReader {
    let context: ReadingContext

    private static let keys = ["times", "weekdays", "days_of_month", "months", "years", "location"]
    private static let weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]

    func read(_ node: YAMLNode) -> [String: MuteInterval] {
        var intervals: [String: MuteInterval] = [:]
        for member in self.context.members(node, of: "alerts.mute_intervals") ?? [] {
            let path = "alerts.mute_intervals.\(member.key)"
            if !HandlerReader.isName(member.key) {
                let rule = "a letter first, then up to 62 of a-z, 0-9, `_` and `-`"
                let name = ReadingContext.shortened(member.key)
                self.context.report(.badInterval, at: member, "interval name `\(name)` breaks the rule: \(rule)")
            }
            let elements = self.context.elements(member.value)
            if elements.isEmpty {
                self.context.report(.badInterval, at: member.value, "`\(path)` needs at least one part")
            }
            intervals[member.key] = MuteInterval(parts: elements.compactMap { self.part($0, of: path) })
        }
        return intervals
    }

    private func part(_ node: YAMLNode, of path: String) -> MuteInterval.Part? {
        guard let fields = FieldSet(node, of: path, known: Self.keys, in: self.context) else { return nil }
        if case .mapping(let members, _) = node, members.isEmpty {
            self.context.report(.badInterval, at: node, "a part without a field would hold always; name some times")
        }
        var part = MuteInterval.Part()
        if let list = fields["times"] {
            part.times = self.context.elements(list).compactMap { self.times($0, of: fields.path("times")) }
        }
        part.weekdays = self.ranges(fields, "weekdays", 0...6, Self.weekdays, firstName: 0)
        part.daysOfMonth = self.ranges(fields, "days_of_month", -31...31, [], firstName: 0)
        part.months = self.ranges(fields, "months", 1...12, Self.months, firstName: 1)
        part.years = self.ranges(fields, "years", 1...9999, [], firstName: 0)
        if let zone = fields.text("location"), let node = fields["location"] {
            if TimeZoneDatabase.zone(named: zone) != nil {
                part.timeZone = zone
            } else {
                let found = ReadingContext.shortened(zone)
                let message = "unknown time zone `\(found)`; IANA names are meant, such as Europe/Berlin or UTC"
                self.context.report(.badTimeZone, at: node, message)
            }
        }
        return part
    }

    // MARK: - Times of day

    /// `{ start_time: "22:00", end_time: "24:00" }` or `22:00-24:00`.
    private func times(_ node: YAMLNode, of path: String) -> Range<Int>? {
        let bounds: (start: Int, end: Int)?
        if case .mapping = node {
            let keys = ["start_time", "end_time"]
            guard let fields = FieldSet(node, of: path, known: keys, in: self.context),
                let start = fields.required("start_time"), let end = fields.required("end_time")
            else { return nil }
            guard let start = self.time(start, of: path), let end = self.time(end, of: path) else { return nil }
            bounds = (start, end)
        } else {
            guard let value = self.context.text(node, of: path) else { return nil }
            let sides = value.text.split(separator: "-", omittingEmptySubsequences: false).map { Self.minutes($0) }
            guard sides.count == 2, let start = sides[0], let end = sides[1] else {
                let message = "`\(path)` needs times of day such as `22:00-24:00`, found `\(value.shown)`"
                self.context.report(.badInterval, at: node, message)
                return nil
            }
            bounds = (start, end)
        }
        guard let bounds else { return nil }
        guard bounds.start < bounds.end else {
            let message = "the end is not behind the start; over midnight, write two: [22:00-24:00, 00:00-06:00]"
            self.context.report(.badInterval, at: node, message)
            return nil
        }
        return bounds.start..<bounds.end
    }

    private func time(_ node: YAMLNode, of path: String) -> Int? {
        guard let value = self.context.text(node, of: path) else { return nil }
        if let minutes = Self.minutes(value.text[...]) { return minutes }
        let message = "`\(value.shown)` is no time of day; write two digits each: 00:00 to 24:00"
        self.context.report(.badInterval, at: node, message)
        return nil
    }

    /// Minutes since midnight of `HH:MM`, up to `24:00`.
    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(digits.contains) }),
            let hours = Int(Substring(parts[0])), let minutes = Int(Substring(parts[1])), minutes < 60,
            hours * 60 + minutes <= 24 * 60
        else { return nil }
        return hours * 60 + minutes
    }

    // MARK: - Days, months, years

    /// Values and ranges: `monday:friday`, `1:5`, `-3:-1`, `january`, `2026:2028`.
    private func ranges(
        _ fields: FieldSet,
        _ field: String,
        _ allowed: ClosedRange<Int>,
        _ names: [String],
        firstName: Int
    ) -> [ClosedRange<Int>] {
        guard let list = fields[field] else { return [] }
        return self.context.elements(list).compactMap { node in
            guard let value = self.context.text(node, of: fields.path(field)) else { return nil }
            let sides = value.text.split(separator: ":", omittingEmptySubsequences: false).map { side -> Int? in
                if let place = names.firstIndex(of: side.lowercased()) { return place + firstName }
                return Int(side).flatMap { allowed.contains($0) && !(allowed.contains(-1) && $0 == 0) ? $0 : nil }
            }
            guard let first = sides.first, let start = first, let last = sides.last, let end = last, sides.count <= 2
            else {
                self.refuse(value, field, allowed, names)
                return nil
            }
            // From a day counted from the start to one counted from the end is a range, whatever the numbers say.
            guard start <= end || (start > 0 && end < 0) else {
                let message = "`\(value.shown)` ends before it begins; over the end, write two"
                self.context.report(.badInterval, at: node, message)
                return nil
            }
            return self.range(start, end, value, node)
        }
    }

    private func range(_ start: Int, _ end: Int, _ value: ReadScalar, _ node: YAMLNode) -> ClosedRange<Int>? {
        guard start <= end else {
            let message = "`\(value.shown)` mixes days counted from both ends; write two, such as 1:15 and -15:-1"
            self.context.report(.badInterval, at: node, message)
            return nil
        }
        guard (start < 0) == (end < 0) || start == end else {
            let message = "`\(value.shown)` runs from the end of a month into its start; write two"
            self.context.report(.badInterval, at: node, message)
            return nil
        }
        return start...end
    }

    private func refuse(_ value: ReadScalar, _ field: String, _ allowed: ClosedRange<Int>, _ names: [String]) {
        let nearest = names.isEmpty ? nil : NearestName.findIgnoringCase(value.text, among: names)
        let numbers = "\(allowed.lowerBound) to \(allowed.upperBound)"
        let example = names.isEmpty ? "" : ", or a name such as `\(names[1])`"
        let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; it takes \(numbers)\(example), and ranges with `:`"
        let message = "`\(value.shown)` is not one of \(field)\(hint)"
        self.context.report(.badInterval, at: value.node, message, suggestion: nearest)
    }
}
