/// Times in which a route is silent, as in Alertmanager's `time_intervals`: it holds when any of its parts does.
package struct MuteInterval: Sendable, Hashable {
    package var parts: [Part]

    /// All that is given must hold; an empty list holds always.
    package struct Part: Sendable, Hashable {
        /// Minutes since midnight, the end not included.
        package var times: [Range<Int>] = []
        /// 0 is Sunday.
        package var weekdays: [ClosedRange<Int>] = []
        /// From 1; negative ones count from the end of the month.
        package var daysOfMonth: [ClosedRange<Int>] = []
        /// 1 is January.
        package var months: [ClosedRange<Int>] = []
        package var years: [ClosedRange<Int>] = []
        /// The name of an IANA time zone.
        package var timeZone = "UTC"

        package init() {}
    }

    package init(parts: [Part]) {
        self.parts = parts
    }
}
