import Glibc
import Logging
import Testing

@testable import Telemetry

/// A pipe whose reading end stands for whoever reads standard error.
private final class LogPipe: Sendable {
    let reading: Int32
    let writing: Int32

    init() {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0)
        (self.reading, self.writing) = (ends[0], ends[1])
    }

    /// Reads until `isEnough` or until nothing came for the time limit.
    func read(until isEnough: (String) -> Bool) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isEnough(String(decoding: bytes, as: UTF8.self)) {
            var poll = pollfd(fd: self.reading, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 10_000) == 1 else { break }
            let count = Glibc.read(self.reading, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    deinit {
        close(self.reading)
        close(self.writing)
    }
}

@Suite(.timeLimit(.minutes(10))) struct LogOutputTests {
    private let pipe = LogPipe()

    private func output(_ change: (inout LogSettings) -> Void = { _ in }) -> LogOutput {
        var settings = LogSettings(descriptor: self.pipe.writing)
        change(&settings)
        return LogOutput(settings, microseconds: { 0 })
    }

    @Test func `lines come out in order, with the logger's and the call's fields`() {
        let output = self.output()
        var logger = output.logger(label: "test")
        logger[metadataKey: "instance"] = "a"
        logger.info("one", metadata: ["n": "1"])
        logger.debug("unseen")
        logger.error("two", metadata: ["instance": "b"])
        #expect(output.flush(within: .seconds(10)))
        #expect(
            self.pipe.read { $0.contains("two") } == """
                {"ts":"1970-01-01T00:00:00.000Z","level":"info","msg":"one","instance":"a","n":"1"}
                {"ts":"1970-01-01T00:00:00.000Z","level":"error","msg":"two","instance":"b"}

                """
        )
    }

    @Test func `the level can change while loggers exist, and a logger's own level stays`() {
        let output = self.output()
        let logger = output.logger(label: "test")
        var own = output.logger(label: "own")
        own.logLevel = .error
        logger.debug("first")
        output.level = .debug
        logger.debug("second")
        own.warning("third")
        output.flush(within: .seconds(10))
        let text = self.pipe.read { $0.contains("second") }
        #expect(!text.contains("first"))
        #expect(text.contains("second"))
        #expect(!text.contains("third"))
    }

    @Test func `a reader that does not read holds nobody up, and is told what it missed`() throws {
        let output = self.output { settings in
            settings.capacity = 64 * 1_024
            settings.repeatBurst = .max
        }
        let logger = output.logger(label: "test")
        let payload = String(repeating: "x", count: 1_000)
        // A pipe holds 64 KiB and the buffer as much again, twice while it is being written; 4 MB do not fit.
        for number in 0..<4_000 {
            logger.info("line", metadata: ["n": .stringConvertible(number), "payload": "\(payload)"])
        }
        // Coming here at all is the proof that no call waited: nobody has read a byte.
        let dropped = output.droppedLines
        #expect(dropped > 3_000)
        #expect(!output.flush(within: .milliseconds(10)))

        // What was written and what is told to be missing make up everything.
        let text = self.pipe.read { Self.written($0) + Self.told($0) == 4_000 }
        #expect(Self.told(text) == Int(dropped))
        #expect(text.hasSuffix("}\n"))

        logger.info("after")
        #expect(output.flush(within: .seconds(10)))
        #expect(self.pipe.read { $0.contains("after") }.contains("after"))
        #expect(output.droppedLines == dropped)
        var writer = ExpositionWriter()
        output.collect(into: &writer)
        #expect(String(decoding: writer.bytes, as: UTF8.self).contains("aos_log_lines_dropped_total \(dropped)\n"))
    }

    /// Lines of the test above that came out.
    private static func written(_ text: String) -> Int {
        text.split(separator: "\n").filter { $0.contains(#""msg":"line""#) && $0.hasSuffix("}") }.count
    }

    /// Sum of what the lines about dropped lines tell.
    private static func told(_ text: String) -> Int {
        text.split(separator: "\n").reduce(0) { sum, line in
            guard let start = line.firstRange(of: #""msg":"log lines were dropped","dropped":"#) else { return sum }
            return sum + (Int(line[start.upperBound...].dropLast()) ?? 0)
        }
    }

    @Test func `what repeats is counted, and told when the window ends`() {
        let output = self.output { settings in
            settings.repeatWindow = .milliseconds(200)
            settings.repeatBurst = 2
        }
        let logger = output.logger(label: "test")
        for number in 0..<10 { logger.warning("again", metadata: ["n": .stringConvertible(number)]) }
        let text = self.pipe.read { $0.contains("repeated log lines were left out") }
        let counted = text.contains(#""msg":"repeated log lines were left out","count":8,"repeated":"again""#)
        // A slow machine may need more than one window for ten calls; all of them are accounted for all the same.
        #expect(counted || output.suppressedLines < 8)
        #expect(text.contains(#""n":0"#))
    }

    @Test func `loggers of alerts and of what handlers say repeat without limit`() {
        let output = self.output { $0.repeatBurst = 1 }
        for (label, first) in [("alerts", 0), ("handlers", 20)] {
            let logger = output.logger(label: label)
            for number in first..<first + 20 { logger.warning("again", metadata: ["n": .stringConvertible(number)]) }
        }
        output.flush(within: .seconds(10))
        #expect(self.pipe.read { $0.contains(#""n":39"#) }.split(separator: "\n").count == 40)
        #expect(output.suppressedLines == 0)
    }

    @Test func `the end tells what was left out`() {
        let output = self.output { $0.repeatBurst = 1 }
        let logger = output.logger(label: "test")
        for _ in 0..<5 { logger.info("again") }
        #expect(output.flush(within: .seconds(10)))
        #expect(self.pipe.read { $0.contains("left out") }.contains(#""count":4,"repeated":"again""#))
    }

    @Test func `writes that fail are counted`() {
        signal(SIGPIPE, SIG_IGN)
        let output = LogOutput(LogSettings(descriptor: 1_000_000))
        output.logger(label: "test").info("nowhere")
        output.flush(within: .seconds(10))
        var writer = ExpositionWriter()
        output.collect(into: &writer)
        #expect(String(decoding: writer.bytes, as: UTF8.self).contains("aos_log_write_errors_total 1\n"))
    }
}
