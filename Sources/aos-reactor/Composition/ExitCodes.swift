import ArgumentParser

/// How the program ends; the numbers are those of sysexits.h, as other programs of this field use them.
extension ExitCode {
    /// A check found something.
    static let findings = ExitCode(1)
    /// EX_USAGE: flags or arguments are wrong.
    static let usage = ExitCode(64)
    /// EX_DATAERR: the input is not what it should be.
    static let badInput = ExitCode(65)
    /// EX_UNAVAILABLE: Redis, or the reactor asked for, cannot be reached.
    static let unavailable = ExitCode(69)
    /// EX_CANTCREAT: a file cannot be written.
    static let cannotCreate = ExitCode(73)
    /// EX_TEMPFAIL: stopped with work left.
    static let workLeft = ExitCode(75)
    /// EX_CONFIG: the configuration was refused.
    static let badConfiguration = ExitCode(78)
}
