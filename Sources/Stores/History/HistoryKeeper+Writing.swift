import Logging
import Reactions
import Synchronization

extension HistoryKeeper {
    /// What became of one attempt to write.
    enum Outcome {
        case stored
        case prepared
        /// There was nothing to do.
        case idle
        case failed(HistoryError)
    }

    /// Writes to the database, from memory and from disk in turn, until the task is cancelled.
    func write() async {
        var pause = self.settings.shortestPause
        var isPrepared = false
        // A database that lets us in but takes no rows, because its disk is full, is not back when it lets us in again.
        var isShut = false
        while !Task.isCancelled {
            var outcomes: [Outcome]
            if isPrepared {
                outcomes = [await self.writeBuffered()]
                // What could not be written is on disk now: its turn comes when the database is known to be back.
                if outcomes[0].error == nil { outcomes.append(await self.writeSpilled()) }
            } else {
                outcomes = [await self.prepare()]
                isShut = outcomes[0].error != nil || isShut
                isPrepared = true
            }
            if let error = outcomes.lazy.compactMap(\.error).first {
                isPrepared = false
                self.isAway(because: error)
                try? await ContinuousClock().sleep(for: pause * Double.random(in: 0.5...1))
                pause = min(pause * 2, self.settings.longestPause)
            } else {
                pause = self.settings.shortestPause
                if outcomes.contains(where: \.hasStored) || isShut { self.isBack() }
                isShut = false
                if outcomes.allSatisfy(\.isIdle) {
                    await self.writeBell.wait()
                } else if self.hasBatch || outcomes.count < 2 || !outcomes[1].isIdle {
                    // A whole batch waits, or we have only just got ready, or there is more on disk.
                    continue
                }
                // Also between two batches: many small ones cost more, and write a run once for each of its events.
                try? await ContinuousClock().sleep(for: self.settings.linger)
            }
        }
    }

    /// Puts rows on disk while the database is away, or so slow that the buffer fills, until the task is cancelled.
    func spillOver() async {
        while !Task.isCancelled {
            await self.spillBell.wait()
            while self.mustSpill, !Task.isCancelled, let chunk = self.take() {
                if await self.spill(chunk.stored) {
                    self.settle(chunk)
                    self.writeBell.ring()
                } else {
                    self.putBack(chunk)
                    // Who writes may have found nothing in line meanwhile.
                    self.writeBell.ring()
                    try? await ContinuousClock().sleep(for: self.settings.longestPause)
                }
            }
        }
    }

    /// At the end: what is in memory goes to disk, in the database it may be or not.
    func spillRest() async {
        while let chunk = self.take() {
            guard await self.spill(chunk.stored) else {
                self.count { $0.lost += chunk.count }
                continue
            }
            self.settle(chunk)
        }
    }

    private func prepare() async -> Outcome {
        do throws(HistoryError) {
            try await self.database.prepare(version: HistoryMigrations.newest)
            return .prepared
        } catch {
            return .failed(error)
        }
    }

    /// Writes a batch; one that cannot be written now goes to disk, or back when that fails too.
    private func writeBuffered() async -> Outcome {
        guard let chunk = self.take() else { return .idle }
        let rows = chunk.stored
        do throws(HistoryError) {
            try await self.insert(rows)
            self.settle(chunk)
            return .stored
        } catch {
            if await self.spill(rows) {
                self.settle(chunk)
            } else {
                self.putBack(chunk)
            }
            return .failed(error)
        }
    }

    private func writeSpilled() async -> Outcome {
        do throws(HistoryError) {
            let piece = try await self.spill.oldest()
            let damaged = await self.spill.damagedBytes
            self.count { $0.damagedBytes = damaged }
            guard let piece else {
                self.count { $0.spillBytes = 0 }
                return .idle
            }
            try await self.insert(piece.rows)
            await self.spill.remove(piece)
            let bytes = await self.spill.bytes
            self.count { $0.spillBytes = bytes }
            return .stored
        } catch {
            guard error.code == .spill else { return .failed(error) }
            // No reason not to write to the database.
            self.count { $0.trouble = error.description }
            return .idle
        }
    }

    /// Writes rows; when the database refuses some for what they are, halves find out which, and the others are written.
    private func insert(_ rows: [StoredRow]) async throws(HistoryError) {
        do throws(HistoryError) {
            try await self.database.insert(rows)
            self.count { $0.written += rows.count }
        } catch {
            guard error.code == .refused else { throw error }
            guard rows.count > 1 else {
                self.count { $0.refused += 1 }
                let table = rows.first?.table.name ?? ""
                self.logger.error("history: a row is refused", metadata: ["error": "\(error)", "table": "\(table)"])
                return
            }
            try await self.insert(Array(rows[..<(rows.count / 2)]))
            try await self.insert(Array(rows[(rows.count / 2)...]))
        }
    }

    private func isAway(because error: HistoryError) {
        guard error.code != .cancelled else { return }
        let wasAway = self.state.withLock { state in
            state.figures.trouble = error.description
            defer { state.isAway = true }
            return state.isAway
        }
        self.spillBell.ring()
        guard !wasAway else { return }
        self.logger.warning("history: rows go to disk", metadata: ["error": "\(error)", "database": "\(self.name)"])
    }

    private func isBack() {
        let wasAway = self.state.withLock { state in
            state.figures.trouble = nil
            defer { state.isAway = false }
            return state.isAway
        }
        if wasAway { self.logger.info("history: the database is back", metadata: ["database": "\(self.name)"]) }
    }
}

extension HistoryKeeper.Outcome {
    var error: HistoryError? {
        guard case .failed(let error) = self else { return nil }
        return error
    }

    var hasStored: Bool {
        guard case .stored = self else { return false }
        return true
    }

    var isIdle: Bool {
        guard case .idle = self else { return false }
        return true
    }
}
