/// Every problem that reading the configuration and the handlers can find. The codes are stable: scripts and
/// documents may name them, so a code is never given another meaning.
package enum DiagnosticCode: String, Sendable, Hashable, CaseIterable {
    // MARK: The file itself

    /// The file or folder cannot be read: missing, not permitted, not a regular file.
    case unreadable = "R001"
    /// The file holds bytes that are not UTF-8, or a control character.
    case notText = "R002"
    /// The YAML cannot be parsed.
    case syntax = "R003"
    /// The file is larger than 1 MiB.
    case tooLarge = "R004"
    /// The YAML is nested deeper than 32 levels.
    case tooDeep = "R005"
    /// Anchors and aliases (`&name`, `*name`) are refused: ten lines of them can expand to gigabytes.
    case anchorOrAlias = "R006"
    /// Tags (`!name`) are refused.
    case tag = "R007"
    /// Several documents in a file that holds one.
    case severalDocuments = "R008"
    /// A key stands twice in one mapping.
    case duplicateKey = "R009"
    /// A key is not plain text.
    case keyNotText = "R010"

    // MARK: Fields and values

    /// A field that must be there is missing.
    case missingField = "R011"
    /// A field that nobody reads, mostly a misspelling.
    case unknownField = "R012"
    /// A value of another kind than the field takes: a list where a text belongs.
    case wrongKind = "R013"
    /// A value of the right kind that is not allowed.
    case badValue = "R014"
    /// Two settings that are fine alone but not together.
    case contradiction = "R015"
    /// A setting of a later version, refused because accepting it would be a lie.
    case notAvailable = "R017"
    /// The admin interface would listen where others than this machine can reach it.
    case exposedListener = "R018"
    /// The address of the Redis server cannot be read.
    case badRedisURL = "R019"

    // MARK: Handlers

    /// A handler's name breaks the rule `[a-z][a-z0-9_-]{0,62}`.
    case badHandlerName = "R020"
    /// Two handlers have the same name.
    case duplicateHandler = "R021"
    /// A handler has both `do` and `uses`, or neither.
    case noBody = "R022"
    /// `on` holds something that is neither a type, `prefix.*` nor `*`.
    case badTypePattern = "R023"
    /// There are no handlers, so that no event does anything.
    case noHandlers = "R024"
    /// `uses` names a built-in that does not exist.
    case unknownBuiltIn = "R025"
    /// Not one of LOW, MEDIUM, HIGH, CRITICAL.
    case unknownSeverity = "R026"
    /// `do` holds something that is not an action.
    case unknownAction = "R027"
    /// A file beside the handlers or patterns that is not read because of its name.
    case notRead = "R028"
    /// A folder of patterns holds none.
    case noPatterns = "R029"

    // MARK: Patterns

    /// The pattern under `match` or `not` is not valid. Shown with the pattern compiler's own code, `P001` to `P026`.
    case badPattern = "R030"
    /// A field that no envelope has; mostly `payload` was left out.
    case unlikelyField = "R031"
    /// A number that other readers of YAML would take for another number or for a text.
    case ambiguousNumber = "R032"
    /// A pattern that no event can match.
    case neverMatches = "R033"
    /// A handler accepts the same events as another one.
    case duplicatePattern = "R034"
    /// A handler accepts only events that another one accepts too.
    case shadowedPattern = "R035"
    /// A part of a pattern that accepts nothing that another part does not.
    case redundantPattern = "R036"
    /// A pattern that costs more than patterns usually do.
    case costlyPattern = "R037"

    // MARK: Environment, flags, secrets

    /// `${NAME}` is not set and has no default.
    case unsetVariable = "R040"
    /// `${` without `}`, or something between them that is not understood.
    case badInterpolation = "R041"
    /// An environment variable or a flag holds a value that is not allowed.
    case badSetting = "R042"
    /// A reference to a secret that cannot be followed.
    case badSecret = "R043"
    /// An environment variable that is almost the name of a setting.
    case unknownVariable = "R044"

    // MARK: Templates, routes

    /// A template cannot be parsed.
    case badTemplate = "R050"
    /// An event type that nobody is known to publish, one edit away from one that is.
    case unlikelyEventType = "R052"
    /// Handlers that publish for each other in a circle.
    case circle = "R060"
    /// A handler that publishes what it listens to.
    case loop = "R061"

    // MARK: Receivers, routes of alerts, silent times

    /// A receiver without a kind or with several, or with a name that breaks the rule.
    case badReceiver = "R070"
    /// Two receivers, or two inhibition rules, have the same name.
    case duplicateName = "R071"
    /// An address that nothing may be sent to: no URL, another scheme, a network where receivers need `allow_private`.
    case badTarget = "R072"
    /// A receiver whose address is empty, so that it is left out; or a list of such receivers.
    case receiverOff = "R073"
    /// A route names a receiver that there is not.
    case unknownReceiver = "R074"
    /// A receiver that no route names.
    case unreachedReceiver = "R075"
    /// A condition on labels that cannot be read, or a list of them that is empty.
    case badMatcher = "R076"
    /// A condition on a label that no alert has.
    case unknownLabel = "R077"
    /// A route that no alert can reach.
    case shadowedRoute = "R078"
    /// A route names a mute interval that there is not.
    case unknownInterval = "R079"
    /// Times, days, months or years that cannot be read.
    case badInterval = "R080"
    /// A time zone that this machine does not know.
    case badTimeZone = "R081"
    /// A mute interval that no route names.
    case unusedInterval = "R082"

    // MARK: Scenarios

    /// A scenario that cannot fail, or a step that says nothing or goes back in time.
    case badScenario = "R090"
    /// A scenario names a handler that there is not.
    case unknownHandler = "R091"
}
