import Glibc

/// What the kernel says of this process, read when it is asked for.
package struct ProcessCollector: MetricsCollector {
    private let startTime: Double?

    package init() {
        self.startTime = Self.readStartTime()
    }

    package func collect(into writer: inout ExpositionWriter) {
        typealias Catalog = MetricCatalog.Process
        writer.family(Catalog.cpuSeconds, Self.cpuSeconds())
        if let (virtual, resident) = Self.memoryPages() {
            let page = UInt64(sysconf(Int32(_SC_PAGESIZE)))
            writer.family(Catalog.virtualMemory, virtual * page)
            writer.family(Catalog.residentMemory, resident * page)
        }
        if let open = Self.openFiles() { writer.family(Catalog.openFiles, open) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            writer.family(Catalog.maximumFiles, UInt64(limit.rlim_cur))
        }
        if let startTime { writer.family(Catalog.startTime, startTime) }
    }
}

extension ProcessCollector {
    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Pages of address space and of RAM: the first two numbers of `/proc/self/statm`.
    private static func memoryPages() -> (virtual: UInt64, resident: UInt64)? {
        guard let numbers = self.read("/proc/self/statm")?.split(separator: " "), numbers.count >= 2,
            let virtual = UInt64(numbers[0]), let resident = UInt64(numbers[1])
        else { return nil }
        return (virtual, resident)
    }

    private static func openFiles() -> UInt64? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count: UInt64 = 0
        while readdir(directory) != nil { count += 1 }
        // Less `.` and `..` and the descriptor that reads the directory.
        return count >= 3 ? count - 3 : 0
    }

    /// Start of the process: ticks since boot in field 22 of `/proc/self/stat`, and the boot in `/proc/stat`.
    private static func readStartTime() -> Double? {
        // The second field is the program's name in brackets and may hold spaces and brackets.
        guard let stat = self.read("/proc/self/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[end...].split(separator: " ")
        guard fields.count > 20, let ticks = Double(fields[20]),
            let boot = self.read("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootSeconds = Double(boot.dropFirst("btime ".count))
        else { return nil }
        return bootSeconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A file of `/proc` as text.
    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
