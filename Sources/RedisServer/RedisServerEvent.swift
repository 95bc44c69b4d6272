package import ChildProcesses

/// What happened to a supervised server; told in order, from the task that runs it.
package enum RedisServerEvent: Sendable, Hashable {
    /// It answers. `life` counts from 1.
    case ready(life: Int, processID: Int32)
    /// It ended although nobody asked it to, and will be started again after the delay (nil: it will not).
    case died(ProcessEnd, restartAfter: Duration?)
    /// It was stopped on request.
    case stopped
}
