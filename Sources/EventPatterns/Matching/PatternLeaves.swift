package import Events

/// What a matcher reads of an event: the scalars at the paths that some rule names, and where in arrays they lie.
///
/// The decoder's `FieldLeaves` is the one that counts; `EventDocument` is the one for text that is no envelope.
package protocol PatternLeaves {
    var leafCount: Int { get }
    func patternLeaf(_ index: Int) -> PatternLeaf
    var placeCount: Int { get }
    /// A parent has a lower index than its children.
    func patternPlace(_ index: Int) -> PatternPlace
}

/// A scalar of an event.
package struct PatternLeaf {
    package var field: Int
    package var kind: FieldKind
    /// What a string means, or a number as it was written.
    package var bytes: ByteView
    /// The array element that it lies in, or -1. A scalar that is itself an element has the place of its array.
    package var place: Int

    package init(field: Int, kind: FieldKind, bytes: ByteView, place: Int) {
        self.field = field
        self.kind = kind
        self.bytes = bytes
        self.place = place
    }
}

/// One element of one array of an event.
package struct PatternPlace {
    /// The element that the array itself lies in, or -1.
    package var parent: Int
    /// Which array of the event.
    package var array: Int

    package init(parent: Int, array: Int) {
        self.parent = parent
        self.array = array
    }
}

extension FieldLeaves: PatternLeaves {
    package var leafCount: Int { self.count }

    package func patternLeaf(_ index: Int) -> PatternLeaf {
        let leaf = self[index]
        return PatternLeaf(field: leaf.field, kind: leaf.kind, bytes: leaf.bytes, place: leaf.place)
    }

    package func patternPlace(_ index: Int) -> PatternPlace {
        let place = self.place(index)
        return PatternPlace(parent: place.parent, array: place.array)
    }
}
