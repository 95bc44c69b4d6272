/// How a command client stands with its server.
package enum RedisConnectionState: Sendable, Equatable {
    /// `run()` has not been called, or is making its first connection.
    case connecting
    /// Commands go out. `clientID` is the server's number for the connection, nil when it does not tell.
    case connected(clientID: Int64?)
    /// There is no connection; the client tries again by itself.
    case disconnected(RedisError)
    /// The client was stopped and does not come back.
    case stopped
}
