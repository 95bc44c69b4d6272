import ChildProcesses
import Dispatch
import Glibc
import Synchronization

/// A `redis-server` with a guardian: a shell that starts it, waits for it, and stops it when our end of a socket pair
/// closes.
///
/// Closing the leash is the only way in which we stop the server, and the kernel closes it for us when we die, however
/// we die. So the way out of a kill -9 is the same one that every ordinary stop takes. A parent-death signal would not
/// do: it is sent when the *thread* that started the child ends, and our threads come and go.
struct Guardian: Sendable {
    /// The shell; the server is its child. Both are in a session of their own, so Ctrl-C at the terminal does not
    /// reach the server before we have finished with it.
    private let shell: ChildProcess
    private let leash: Leash

    /// `$1` the server, `$2` its configuration file, `$3` how many times 50 ms it may take to stop.
    ///
    /// The watcher continues a stopped server, so that SIGTERM reaches it. The shell reaps the server before it ends
    /// the watcher, so the number that the watcher kills is never somebody else's.
    private static let script = """
        "$1" "$2" </dev/null 3<&- &
        server=$!
        {
            read -r line <&3
            kill -TERM $server
            kill -CONT $server
            left=$3
            while [ "$left" -gt 0 ] && kill -0 $server; do sleep 0.05; left=$((left - 1)); done
            kill -KILL $server
        } 2>/dev/null &
        watcher=$!
        exec 3<&-
        wait $server
        status=$?
        kill $watcher 2>/dev/null
        wait $watcher 2>/dev/null
        exit $status
        """

    /// Starts the guardian, which starts the server at once.
    /// - Parameter output: the file that gets what server and shell print; it is appended to.
    static func start(
        executable: String,
        configuration: String,
        output: String,
        stopGrace: Duration
    ) throws(RedisServerError) -> Guardian {
        var pair: [CInt] = [-1, -1]
        // Close-on-exec from the first moment: a child of ours that inherited our end would keep the server alive.
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
            throw .system(.spawnFailed, "cannot make a socket pair", errno)
        }
        let leash = Leash(descriptor: pair[0])
        defer { close(pair[1]) }
        let ticks = max(1, Int(stopGrace / .milliseconds(50)))
        var launch = ChildProcess.Launch(
            ["/bin/sh", "-c", Self.script, "redis-guardian", executable, configuration, String(ticks)]
        )
        launch.output = .file(output)
        launch.error = .file(output)
        launch.third = pair[1]
        do {
            return Guardian(shell: try ChildProcess.spawn(launch), leash: leash)
        } catch {
            throw RedisServerError(.spawnFailed, "\(error)")
        }
    }

    /// Asks the guardian to stop the server: SIGTERM, and SIGKILL when the grace is over. May be called often.
    func release() { self.leash.letGo() }

    /// Waits until the server has ended and returns how. Call once; it does not react to cancellation, because a
    /// server that still runs must not be forgotten.
    func waitForExit() async -> ProcessEnd {
        let shell = self.shell
        let status = await withCheckedContinuation { continuation in
            // A thread of its own, blocked in the kernel: costs nothing while the server lives.
            DispatchQueue(label: "redis-server.exit").async { continuation.resume(returning: shell.reap()) }
        }
        // The shell reports the signal that ended its child as 128 and the number.
        if case .exited(let code) = status, code > 128 { return .killed(signal: code - 128) }
        return status
    }
}

/// Our end of the socket pair; closed once, at the latest when nobody holds it any more.
private final class Leash: Sendable {
    private let descriptor: Mutex<CInt?>

    init(descriptor: CInt) { self.descriptor = Mutex(descriptor) }

    deinit { self.letGo() }

    func letGo() {
        self.descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }
}
