import FoundationEssentials
import Glibc
import ReactorRuntime
import ServiceLifecycle

/// Gives back, once the reactor runs, the pages of the program's own code that only its start needed: two thirds of a
/// resident set that would otherwise stay for the life of the process.
///
/// Code is never written to, so the kernel takes a page that is needed again from its file cache, in about a
/// microsecond.
struct StartPages: Service {
    let reactor: Reactor

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !self.reactor.isRunning {
                do { try await Task.sleep(for: .milliseconds(250)) } catch { return }
            }
            Self.giveBack()
        }
    }

    private static func giveBack() {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            let maps = FileManager.default.contents(atPath: "/proc/self/maps")
        else { return }
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            // 55d0c8a00000-55d0ca100000 r-xp 01a00000 fe:00 1234 /usr/bin/aos-reactor
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }) == program else {
                continue
            }
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard bounds.count == 2, let start = UnsafeMutableRawPointer(bitPattern: bounds[0]) else { continue }
            // A refusal changes nothing: the pages stay.
            _ = madvise(start, Int(bounds[1] - bounds[0]), MADV_DONTNEED)
        }
    }
}
