import CSimdJSON

/// What a decoder has to take out of each text besides the envelope: the union of the paths that rules name.
///
/// A path is member names joined by dots, from the top of the envelope (`payload.cost_usd`, `source`). A member named
/// `a.b` and a member `b` inside `a` are the same path. Everything that lies on no path is checked and skipped.
/// Immutable, so one set may serve decoders on several threads.
package final class FieldSet: Sendable {
    /// The paths; the index of a path here is the field's id in a `FieldLeaf`.
    package let paths: [String]
    /// Owned: made in `init`, freed in `deinit`, and never changed in between, so sharing it is safe.
    nonisolated(unsafe) let handle: OpaquePointer

    /// - Parameter paths: distinct paths, in the order of their ids.
    package init(paths: [String]) {
        precondition(Set(paths.map { Array($0.utf8) }).count == paths.count, "a path of a field set is given twice")
        self.paths = paths
        let bytes = paths.flatMap { Array($0.utf8) }
        let lengths = paths.map { UInt32($0.utf8.count) }
        guard let handle = csj_fields_create(bytes, lengths, UInt32(paths.count)) else {
            fatalError("out of memory for the index of \(paths.count) field paths")
        }
        self.handle = handle
    }

    deinit { csj_fields_destroy(self.handle) }

    /// No path at all: only the envelope is read.
    package static let none = FieldSet(paths: [])

    package var count: Int { self.paths.count }
}
