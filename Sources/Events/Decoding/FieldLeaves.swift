public import CSimdJSON

/// What a leaf is. Objects and arrays are no leaves.
public enum FieldKind: UInt8, Sendable {
    case null
    case `false`
    case `true`
    case number
    case string
}

/// A scalar that was found at a path of a `FieldSet`. Null, the empty string and each scalar of an array is a leaf; an
/// object, an empty array and an array of objects only is none, and the scalars inside them are leaves of their own
/// paths.
public struct FieldLeaf {
    @usableFromInline
    let raw: csj_leaf

    @inlinable
    init(_ raw: csj_leaf) { self.raw = raw }

    /// The index of the path in the set's `paths`.
    @inlinable
    public var field: Int { Int(self.raw.field) }

    /// What the leaf is.
    @inlinable
    public var kind: FieldKind {
        switch self.raw.kind {
        case .CSJ_FALSE: .false
        case .CSJ_TRUE: .true
        case .CSJ_NUMBER: .number
        case .CSJ_STRING: .string
        default: .null
        }
    }

    /// The UTF-8 bytes that a string means (escapes resolved), or a number as it was written. Good until the decoder is
    /// used again and as long as the text is.
    @inlinable
    public var bytes: ByteView { ByteView(start: self.raw.start, count: Int(self.raw.length)) }

    /// Index into `FieldLeaves.places` of the array element that this leaf lies in, or -1 when it lies in none. A scalar
    /// that is itself an element of an array has the place of that array, not of the element (as in Event Ruler).
    @inlinable
    public var place: Int { Int(self.raw.place) }
}

/// One element of one array of the text, through which leaves were reached.
public struct FieldPlace {
    @usableFromInline
    let raw: csj_place

    @inlinable
    init(_ raw: csj_place) { self.raw = raw }

    /// Index of the place that the array itself lies in, or -1.
    @inlinable
    public var parent: Int { Int(self.raw.parent) }

    /// Which array of the text. Two leaves are consistent unless they lie in different elements of one array.
    @inlinable
    public var array: Int { Int(self.raw.array) }

    /// Which element of the array.
    @inlinable
    public var index: Int { Int(self.raw.index) }
}

/// The leaves of the text that a decoder read last, in the order of the text. Good until the decoder is used again and
/// as long as the text is.
public struct FieldLeaves: RandomAccessCollection {
    @usableFromInline
    let leaves: UnsafeBufferPointer<csj_leaf>
    @usableFromInline
    let rawPlaces: UnsafeBufferPointer<csj_place>

    @inlinable
    init(_ raw: csj_leaves) {
        self.leaves = UnsafeBufferPointer(start: raw.leaves, count: Int(raw.leaf_count))
        self.rawPlaces = UnsafeBufferPointer(start: raw.places, count: Int(raw.place_count))
    }

    /// Always 0.
    @inlinable
    public var startIndex: Int { 0 }

    /// How many leaves there are.
    @inlinable
    public var endIndex: Int { self.leaves.count }

    /// The leaf of that index.
    @inlinable
    public subscript(index: Int) -> FieldLeaf { FieldLeaf(self.leaves[index]) }

    /// How many places there are; a leaf's `place` is below that.
    @inlinable
    public var placeCount: Int { self.rawPlaces.count }

    /// The place of that index. A parent's index is always lower than its child's.
    @inlinable
    public func place(_ index: Int) -> FieldPlace { FieldPlace(self.rawPlaces[index]) }
}
