import Glibc

/// Keeps to a number of events a second, on average: a late one does not push back the next.
struct Pace {
    private let begin = ContinuousClock.now
    private let interval: Duration?

    /// - Parameter rate: events a second; nil for no pause at all.
    init(rate: Double?) {
        self.interval = rate.map { .seconds(1) / $0 }
    }

    /// Returns when the event of that number, counted from 0, is due.
    func wait(for number: Int) async {
        guard let interval else { return }
        try? await Task.sleep(until: self.begin + interval * number)
    }
}

enum StandardInput {
    /// All of it.
    static func read() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}
