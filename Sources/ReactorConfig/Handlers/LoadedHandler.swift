internal import Reactions

/// A handler as its file says, with what is needed to judge it among the others.
struct LoadedHandler {
    /// An event that a handler publishes, and where the file says so.
    struct Publication {
        var eventType: String
        /// Nil for the channel that the reactor listens to.
        var channel: String?
        var node: YAMLNode
    }

    var name: String
    var context: ReadingContext
    var namePlace: YAMLNode
    /// One for a rule, several for some built-ins, none if anything is wrong.
    var definitions: [HandlerDefinition] = []
    var publications: [Publication] = []
    /// Exact types that it listens to, with their places.
    var types: [(type: String, node: YAMLNode)] = []
    /// The key `match`, or else `not`; nil without a pattern.
    var patternPlace: YAMLMember?
    /// Equal for equal actions; nil for a built-in.
    var actions: String?
    /// Changes when anything of the handler changes.
    var digest: String

    var location: SourceLocation {
        let position = self.namePlace.position
        return SourceLocation(file: self.context.source.name, line: position.line, column: position.column)
    }
}
