import Events
import FoundationEssentials
import Glibc
import Reactions
import ReactorTestKit
import Testing

@testable import Stores

@Suite struct SpillTests {
    private static let rows = (HistorySample.all(run: "r\0\u{1A}é") + [HistorySample.run("r")]).map(StoredRow.init)

    private static func readAll(_ spill: SpillFolder) async throws -> [StoredRow] {
        var found: [StoredRow] = []
        while let piece = try await spill.oldest() {
            found += piece.rows
            await spill.remove(piece)
        }
        return found
    }

    @Test func rowsOfAllKindsAreReadBackAsTheyWere() async throws {
        #expect(SpillFormat.rows(Array(SpillFormat.piece(Self.rows).dropFirst(8))) == Self.rows)
        try await withTemporaryFolder { folder in
            let spill = SpillFolder(path: folder, limit: 1 << 20, fileLimit: 2000)
            var expected: [StoredRow] = []
            for round in 0..<20 {
                let rows = (0...round).map { StoredRow(HistorySample.event(round * 100 + $0)) } + Self.rows
                let isTaken = try await spill.append(rows)
                #expect(isTaken)
                expected += rows
            }
            #expect(await spill.bytes > 20_000)
            #expect(try await Self.readAll(spill) == expected)
            #expect(await spill.bytes == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["owner.lock"])
        }
    }

    @Test func theFormOfRowsOnDiskDoesNotChange() {
        let cells: [HistoryCell] = [.text("r"), .text(""), .null, .integer(258), .real(1)]
        let row = StoredRow(table: .heartbeats, cells: cells)
        let body: [UInt8] = [
            1, 0, 0, 0, 9, 5, 3, 1, 0, 0, 0, 0x72, 3, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0,
            0xF0, 0x3F,
        ]
        let piece = SpillFormat.piece([row])
        #expect(piece.prefix(4) == [UInt8(body.count), 0, 0, 0])
        #expect(Array(piece.dropFirst(8)) == body)
        #expect(SpillFormat.rows(body) == [row])
        #expect(row.cells == cells)
        for length in 0..<body.count { #expect(SpillFormat.rows(Array(body.prefix(length))) == nil) }
        #expect(SpillFormat.rows(body + [0]) == nil)
    }

    @Test func rowsOfABatchAreInTheOrderOfTheBytesOfTheirKeysEachOnce() {
        func row(_ runID: String, _ id: String, _ reason: String) -> StoredRow {
            StoredRow(table: .heartbeats, cells: [.text(runID), .text(id), .text(""), .integer(1), .text(reason)])
        }
        // Two ways to write a letter, which look alike; and a run whose name goes on where the id of another begins.
        let first = [row("r\u{E9}", "", "1"), row("re\u{301}", "", "2"), row("r", "b", "3"), row("rb", "", "4")]
        let again = first.map { StoredRow(table: $0.table, cells: $0.cells.dropLast() + [.text("again")]) }
        #expect(StoredRow.merged((first + again).shuffled()).count == 4)
        let merged = StoredRow.merged([row("r", "", "0")] + first + again)
        #expect(merged == [row("r", "", "0"), first[2], first[3], first[1], first[0]])
    }

    @Test func writingAndReadingInTurnKeepsTheOrder() async throws {
        try await withTemporaryFolder { folder in
            let spill = SpillFolder(path: folder, limit: 1 << 20, fileLimit: 300)
            var random = SystemRandomNumberGenerator()
            var (written, read): ([StoredRow], [StoredRow]) = ([], [])
            for number in 0..<500 {
                if Bool.random(using: &random) {
                    let row = StoredRow(HistorySample.event(number))
                    #expect(try await spill.append([row]))
                    written.append(row)
                } else if let piece = try await spill.oldest() {
                    read += piece.rows
                    await spill.remove(piece)
                }
            }
            read += try await Self.readAll(spill)
            #expect(read == written)
        }
    }

    @Test func afterARestartNothingIsMissing() async throws {
        try await withTemporaryFolder { folder in
            let first = SpillFolder(path: folder, limit: 1 << 20, fileLimit: 500)
            for number in 0..<50 { #expect(try await first.append([StoredRow(HistorySample.event(number))])) }
            for _ in 0..<10 {
                let piece = try #require(try await first.oldest())
                await first.remove(piece)
            }
            await first.close()
            let second = SpillFolder(path: folder, limit: 1 << 20, fileLimit: 500)
            #expect(try await second.append([StoredRow(HistorySample.event(50))]))
            let found = Set(try await Self.readAll(second))
            #expect(found.isSuperset(of: (10...50).map { StoredRow(HistorySample.event($0)) }))
        }
    }

    /// A child process that is being started has a copy of each descriptor until it runs its program.
    @Test func aFolderThatIsGivenUpIsFreeThoughAChildStillHasACopyOfItsLock() async throws {
        try await withTemporaryFolder { folder in
            let first = SpillFolder(path: folder, limit: 1 << 20, fileLimit: 1 << 20)
            try await first.open()
            let original = try #require((0..<4096).first { Self.path(ofDescriptor: $0) == folder + "/owner.lock" })
            let copy = fcntl(original, F_DUPFD_CLOEXEC, 0)
            defer { close(copy) }
            await first.close()
            try await SpillFolder(path: folder, limit: 1 << 20, fileLimit: 1 << 20).open()
        }
    }

    private static func path(ofDescriptor descriptor: CInt) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    }

    @Test(arguments: [0, 4, 9, 30, 90, 200, 400])
    func aFileThatEndsTooEarlyGivesWhatIsWhole(length: Int) async throws {
        try await Self.damage { bytes in Array(bytes.prefix(length)) }
    }

    @Test(arguments: [3, 8, 12, 16, 60, 150, 399])
    func aByteThatChangedOnDiskIsNoticed(position: Int) async throws {
        try await Self.damage { bytes in
            var bytes = bytes
            bytes[position] ^= 0x40
            return bytes
        }
    }

    /// Writes rows, changes their file and reads: only whole rows come, in order, from the first on; what is missing is
    /// counted; and what is appended afterwards is found.
    private static func damage(_ change: ([UInt8]) -> [UInt8]) async throws {
        try await withTemporaryFolder { folder in
            let rows = (0..<8).map { StoredRow(HistorySample.event($0)) }
            let first = SpillFolder(path: folder, limit: 1 << 20, fileLimit: 1 << 20)
            for row in rows { #expect(try await first.append([row])) }
            await first.close()
            let file = folder + "/0000000001.rows"
            let bytes = [UInt8](try #require(FileManager.default.contents(atPath: file)))
            #expect(bytes.count > 400)
            let changed = change(bytes)
            #expect(FileManager.default.createFile(atPath: file, contents: Data(changed)))

            let second = SpillFolder(path: folder, limit: 1 << 20, fileLimit: 1 << 20)
            let later = StoredRow(HistorySample.event(99))
            #expect(try await second.append([later]))
            let found = try await Self.readAll(second)
            #expect(found.last == later)
            #expect(found.dropLast().elementsEqual(rows.prefix(found.count - 1)))
            #expect(found.count - 1 < rows.count)
            // A cut between two pieces looks like an end.
            let isDamaged = await second.damagedBytes > 0
            #expect(isDamaged || changed.count < bytes.count)
        }
    }

    @Test func aFullFolderTakesNoMore() async throws {
        try await withTemporaryFolder { folder in
            let spill = SpillFolder(path: folder, limit: 1000, fileLimit: 1000)
            var taken = 0
            while try await spill.append([StoredRow(HistorySample.event(taken))]) { taken += 1 }
            #expect((1..<20).contains(taken))
            #expect(await spill.bytes <= 1000)
            let piece = try #require(try await spill.oldest())
            await spill.remove(piece)
            #expect(try await spill.append([StoredRow(HistorySample.event(taken))]))
        }
    }

    @Test func aBufferKnowsUpToWhereEverythingIsStored() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var buffer = HistoryBuffer(limit: 40)
            var out: [HistoryBuffer.Chunk] = []
            var stored: Set<String> = []
            var recorded: [String] = []
            for _ in 0..<60 {
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    let first = recorded.count
                    let rows = (0..<Int.random(in: 1...9, using: &random)).map { HistorySample.event(first + $0) }
                    let taken = buffer.append(rows)
                    recorded += rows.prefix(taken).map(\.id)
                case 1:
                    if out.count < 2, let chunk = buffer.take(Int.random(in: 1...9, using: &random)) {
                        out.append(chunk)
                    }
                case 2:
                    guard let chunk = out.popLast() else { continue }
                    buffer.settle(chunk)
                    stored.formUnion(chunk.rows.map(\.id))
                default:
                    if !out.isEmpty { buffer.putBack(out.removeFirst()) }
                }
                #expect(buffer.count == recorded.count - stored.count)
                #expect(buffer.count <= 40)
                let whole = recorded.prefix { stored.contains($0) }.count
                #expect(buffer.storedUpTo == whole)
            }
        }
    }

    @Test func newsOfARunAreMergedInLineAsInABatch() {
        for (first, second) in [(1, 2), (2, 1), (3, 3)] as [(Int64, Int64)] {
            for ends in [(false, false), (true, false), (false, true), (true, true)] {
                func row(_ revision: Int64, _ hasEnded: Bool) -> HistoryRow {
                    let end = HistorySample.now + .seconds(Int(revision))
                    return HistorySample.run("a", revision: revision, status: "S", endedAt: hasEnded ? end : nil)
                }
                let (earlier, later) = (row(first, ends.0), row(second, ends.1))
                let inLine = StoredRow(later.replacing(earlier) ?? earlier)
                #expect(StoredRow.merged([earlier, later].map(StoredRow.init)) == [inLine])
            }
        }
    }

    @Test func howARunStandsIsInLineOnceWithAllThatIsKnownOfIt() throws {
        var buffer = HistoryBuffer(limit: 4)
        let end = HistorySample.now + .seconds(9)
        #expect(buffer.append([HistorySample.run("a"), HistorySample.event(1), HistorySample.run("b")]) == 3)
        // In the place of what waits, even when there is no room for more.
        let news = [HistorySample.event(2), HistorySample.run("a", revision: 3, status: "COMPLETE", endedAt: end)]
        #expect(buffer.append(news + [HistorySample.event(3)]) == 2)
        // Older than what is known, and newer without the end.
        #expect(buffer.append([HistorySample.run("a", revision: 2), HistorySample.run("a", revision: 4)]) == 2)
        #expect(buffer.merged == 3)
        var taken = buffer.take(1)
        let chunk = try #require(taken)
        guard case .run(let run) = try #require(chunk.rows.first).content else {
            throw HistoryError(.refused, "no run")
        }
        #expect((run.revision, run.status, run.outcome, run.endedAt) == (4, "PENDING", "completed", end))
        // What is being written stays as it is.
        #expect(buffer.append([HistorySample.run("a", revision: 5)]) == 0)
        buffer.settle(chunk)
        #expect(buffer.append([HistorySample.run("a", revision: 5)]) == 1)
        #expect(buffer.merged == 3)
        taken = buffer.take(2)
        buffer.putBack(try #require(taken))
        #expect(buffer.count == 4)
        taken = buffer.take(9)
        #expect(try #require(taken).rows.map(\.isRun) == [false, true, false, true])
    }
}
