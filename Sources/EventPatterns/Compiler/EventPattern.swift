/// A compiled pattern. PLACEHOLDER: the owner of EventPatterns replaces this file.
package struct EventPattern: Sendable {
    package init() {}
}
