import CLibPQ
import Glibc

/// One open connection, used from one thread. Nothing here blocks longer than the call's deadline, but for the look-up
/// of a host's name, which has the limits of the system's resolver.
///
/// A session that failed other than by an error that the server reported is never used again: what the server still
/// does with it is not waited for and not cancelled, because cancelling waits for the very server that does not answer.
final class PostgresSession {
    private let connection: OpaquePointer
    private let endpoint: PostgresEndpoint
    private let alarm: Alarm
    /// Whether the server is spoken to politely when the session ends.
    private var isSound = false

    /// Connects and logs in.
    init(_ endpoint: PostgresEndpoint, alarm: Alarm, call: PostgresCall) throws(PostgresError) {
        let started = endpoint.withKeywords { PQconnectStartParams($0, $1, 0) }
        guard let started else { throw PostgresError(.connectFailed, "out of memory") }
        self.connection = started
        self.endpoint = endpoint
        self.alarm = alarm
        // The default prints the server's notices to our standard error.
        PQsetNoticeReceiver(started, { _, _ in }, nil)
        guard PQstatus(started) != CONNECTION_BAD else { throw self.failure(.connectFailed) }
        var state = PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            switch state {
            case PGRES_POLLING_READING: _ = try self.wait(POLLIN, call, sent: false)
            case PGRES_POLLING_WRITING: _ = try self.wait(POLLOUT, call, sent: false)
            default: throw self.failure(.connectFailed)
            }
            state = PQconnectPoll(started)
        }
        guard PQsetnonblocking(started, 1) == 0 else { throw self.failure(.connectFailed) }
        self.isSound = true
    }

    deinit {
        // A server that does not read would keep even the good-bye.
        if !self.isSound { shutdown(PQsocket(self.connection), CInt(SHUT_RDWR)) }
        PQfinish(self.connection)
    }

    /// Whether the session can be used again.
    var isUsable: Bool { self.isSound && PQstatus(self.connection) == CONNECTION_OK }

    /// Runs statements as one transaction in one round trip: all of them have effect, or none.
    func run(_ statements: [PostgresStatement], _ call: PostgresCall) throws(PostgresError) -> [PostgresAnswer] {
        guard !statements.isEmpty else { return [] }
        self.isSound = false
        guard PQenterPipelineMode(self.connection) == 1 else { throw self.failure(.connectionLost) }
        for statement in statements {
            guard self.send(statement) else { throw self.failure(.connectionLost) }
        }
        guard PQpipelineSync(self.connection) == 1 else { throw self.failure(.connectionLost) }
        let (answers, refusal) = try self.collect(statements.count, call)
        guard PQexitPipelineMode(self.connection) == 1 else { throw self.failure(.connectionLost, sent: true) }
        self.isSound = true
        if let refusal { throw refusal }
        return answers
    }

    private func send(_ statement: PostgresStatement) -> Bool {
        var bytes: [UInt8] = []
        var ranges: [Range<Int>?] = []
        for parameter in statement.parameters {
            let start = bytes.count
            parameter.write(into: &bytes)
            ranges.append(parameter == .null ? nil : start..<bytes.count)
        }
        // An empty text must not become a null pointer.
        bytes.append(0)
        let types = statement.parameters.map(\.type)
        let lengths = ranges.map { CInt($0?.count ?? 0) }
        let formats = [CInt](repeating: 1, count: ranges.count)
        return bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = ranges.map { range in range.flatMap { range in base.map { $0 + range.lowerBound } } }
            return PQsendQueryParams(
                self.connection,
                statement.sql,
                CInt(values.count),
                types,
                values,
                lengths,
                formats,
                0
            ) == 1
        }
    }

    /// Sends what is buffered and reads until all statements are answered; the first error that the server reports ends
    /// the transaction, and the statements behind it have no answers.
    private func collect(
        _ count: Int,
        _ call: PostgresCall
    ) throws(PostgresError) -> ([PostgresAnswer], PostgresError?) {
        var answers: [PostgresAnswer] = []
        answers.reserveCapacity(count)
        var refusal: PostgresError?
        var isFlushed = false
        while true {
            if !isFlushed {
                let rest = PQflush(self.connection)
                if rest < 0 { throw self.failure(.connectionLost, sent: true) }
                isFlushed = rest == 0
            }
            while PQisBusy(self.connection) == 0 {
                // A null stands between the results of two statements.
                guard let result = PQgetResult(self.connection) else {
                    if PQstatus(self.connection) != CONNECTION_OK { throw self.failure(.connectionLost, sent: true) }
                    continue
                }
                defer { PQclear(result) }
                switch PQresultStatus(result) {
                case PGRES_TUPLES_OK, PGRES_COMMAND_OK: answers.append(Self.answer(result))
                case PGRES_PIPELINE_SYNC: return (answers, refusal)
                case PGRES_PIPELINE_ABORTED: break
                default: if refusal == nil { refusal = try self.refusal(result) }
                }
            }
            let ready = try self.wait(isFlushed ? POLLIN : POLLIN | POLLOUT, call, sent: true)
            if ready & CInt(POLLIN) != 0, PQconsumeInput(self.connection) == 0 {
                throw self.failure(.connectionLost, sent: true)
            }
        }
    }

    private static func answer(_ result: OpaquePointer) -> PostgresAnswer {
        var answer = PostgresAnswer()
        let columns = PQnfields(result)
        answer.rows = (0..<PQntuples(result)).map { row in
            (0..<columns).map { column in
                guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column) else {
                    return nil
                }
                let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column)))
                return String(decoding: bytes, as: UTF8.self)
            }
        }
        answer.affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        return answer
    }

    /// The error that a result stands for.
    ///
    /// - Throws: the same when it ends the connection.
    private func refusal(_ result: OpaquePointer) throws(PostgresError) -> PostgresError {
        // 'C' and 'M' of postgres_ext.h: the code and the primary message.
        let sqlState = PQresultErrorField(result, CInt(UInt8(ascii: "C"))).map { String(cString: $0) }
        let message = PQresultErrorField(result, CInt(UInt8(ascii: "M"))).map { String(cString: $0) }
        guard let sqlState, PQstatus(self.connection) == CONNECTION_OK else {
            throw self.failure(.connectionLost, sent: true)
        }
        return PostgresError(
            .server,
            self.endpoint.scrub(Self.oneLine(message ?? "an error without a message")),
            sqlState: sqlState
        )
    }

    /// Waits until the socket can be read or written.
    ///
    /// - Throws: `timedOut` at the deadline and `cancelled` when the call was given up; the session is useless then.
    private func wait(_ events: CInt, _ call: PostgresCall, sent: Bool) throws(PostgresError) -> CInt {
        while true {
            if call.isCancelled {
                throw PostgresError(.cancelled, "the call was given up", mayHaveExecuted: sent)
            }
            let left = ContinuousClock.now.duration(to: call.deadline)
            guard left > .zero else {
                throw PostgresError(.timedOut, "no answer within the deadline", mayHaveExecuted: sent)
            }
            // Rounded up, or the last millisecond would be spun away.
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            var descriptors = [
                pollfd(fd: PQsocket(self.connection), events: Int16(events), revents: 0),
                pollfd(fd: self.alarm.readEnd, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&descriptors, 2, CInt(clamping: milliseconds))
            guard ready > 0 else {
                if ready < 0, errno != EINTR { throw self.failure(.connectionLost, sent: sent) }
                continue
            }
            if descriptors[1].revents != 0 { self.alarm.silence() }
            let happened = CInt(descriptors[0].revents)
            // An error or hang-up is told by libpq when it reads.
            if happened & (POLLERR | POLLHUP | POLLNVAL) != 0 { return happened | POLLIN }
            if happened != 0 { return happened }
        }
    }

    private func failure(_ code: PostgresError.Code, sent: Bool = false) -> PostgresError {
        let message = PQerrorMessage(self.connection).map { Self.oneLine(String(cString: $0)) } ?? ""
        return PostgresError(
            code,
            self.endpoint.scrub(message.isEmpty ? "the connection ended" : message),
            mayHaveExecuted: sent
        )
    }

    private static func oneLine(_ text: String) -> String {
        text.split { $0.isNewline || $0 == "\t" }.map { $0.trimmingPrefix { $0 == " " } }.joined(separator: " ")
    }
}
