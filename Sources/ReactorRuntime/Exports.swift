// `Event`, `JSONValue` and `Timestamp` are part of what an embedding program sees: one import is enough.
@_exported public import Events
