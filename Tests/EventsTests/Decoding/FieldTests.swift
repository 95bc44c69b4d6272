import Events
import Testing

@Suite struct FieldTests {
    private func leaves(_ json: String, _ paths: [String]) throws -> [OwnedLeaf] {
        let fields = FieldSet(paths: paths)
        let extractor = FieldExtractor(fields: fields)
        return try Array(json.utf8).withUnsafeBytes { try extractor.extract(ByteView($0)).owned(fields) }
    }

    private func texts(_ json: String, _ paths: [String]) throws -> [String] {
        try self.leaves(json, paths).map { "\($0.path)=\(String(decoding: $0.text, as: UTF8.self)):\($0.kind)" }
    }

    @Test func `every kind of scalar is a leaf`() throws {
        #expect(
            try self.texts(
                #"{"a":null,"b":"","c":true,"d":false,"e":25.10,"f":"x","g":-1e5}"#,
                ["a", "b", "c", "d", "e", "f", "g"]
            ) == [
                "a=:null", "b=:string", "c=:true", "d=:false", "e=25.10:number", "f=x:string", "g=-1e5:number",
            ]
        )
    }

    @Test func `objects, empty arrays and arrays of objects are no leaves`() throws {
        #expect(try self.texts(#"{"a":{},"b":[],"c":[{}],"d":[[]],"e":{"x":1}}"#, ["a", "b", "c", "d", "e"]).isEmpty)
    }

    @Test func `arrays are flattened, nested ones too`() throws {
        #expect(
            try self.texts(#"{"a":[1,[2,[3]],{"b":4},"x"]}"#, ["a", "a.b"]) == [
                "a=1:number", "a=2:number", "a=3:number", "a.b=4:number", "a=x:string",
            ]
        )
    }

    @Test func `a name with dots and nested names are one path`() throws {
        let expected = ["a.b.c=1:number"]
        for json in [#"{"a":{"b":{"c":1}}}"#, #"{"a.b":{"c":1}}"#, #"{"a":{"b.c":1}}"#, #"{"a.b.c":1}"#] {
            #expect(try self.texts(json, ["a.b.c"]) == expected)
        }
        #expect(try self.texts(#"{"a..b":1,"a":{"":{"b":2}},"":{"x":3},".x":4}"#, ["a..b", ".x"]).count == 4)
        #expect(try self.texts(#"{"":5,"x":{"":6}}"#, ["", "x."]) == ["=5:number", "x.=6:number"])
    }

    @Test func `names that only begin like a path are not it`() throws {
        #expect(try self.texts(#"{"a":1,"ab":2,"abc":3,"a.b":4,"A":5}"#, ["ab"]) == ["ab=2:number"])
        let long = String(repeating: "x", count: 40)
        #expect(try self.texts(#"{"\#(long)y":1,"\#(long)":2}"#, [long]) == ["\(long)=2:number"])
        // Equal at both ends and in length.
        #expect(try self.texts(#"{"aaaaaaaaXbbbbbbbb":1,"aaaaaaaaYbbbbbbbb":2}"#, ["aaaaaaaaYbbbbbbbb"]).count == 1)
    }

    @Test func `a path and a longer path through it both give leaves`() throws {
        #expect(try self.texts(#"{"a":[1,{"b":2}]}"#, ["a", "a.b"]) == ["a=1:number", "a.b=2:number"])
    }

    @Test func `leaves tell the array elements that they lie in`() throws {
        let leaves = try self.leaves(
            #"{"x":[0],"a":[{"b":1,"c":[{"d":2},{"d":3}]},{"b":4}],"e":{"b":5}}"#,
            ["a.b", "a.c.d", "e.b", "x"]
        )
        #expect(
            leaves.map(\.places) == [
                [], [ArrayElement(array: 1, index: 0)],
                [ArrayElement(array: 1, index: 0), ArrayElement(array: 2, index: 0)],
                [ArrayElement(array: 1, index: 0), ArrayElement(array: 2, index: 1)],
                [ArrayElement(array: 1, index: 1)], [],
            ]
        )
    }

    @Test func `a scalar element has the place of its array`() throws {
        let leaves = try self.leaves(#"{"a":[{"b":[7,[8]]}]}"#, ["a.b"])
        #expect(leaves[0].places == [ArrayElement(array: 0, index: 0)])
        #expect(leaves[1].places == [ArrayElement(array: 0, index: 0), ArrayElement(array: 1, index: 1)])
    }

    @Test func `of a repeated member only the last counts, with all that lies in it`() throws {
        #expect(try self.texts(#"{"a":{"b":1},"a":2}"#, ["a", "a.b"]) == ["a=2:number"])
        #expect(try self.texts(#"{"a":2,"a":{"b":1}}"#, ["a", "a.b"]) == ["a.b=1:number"])
        #expect(try self.texts(#"{"a":[1,{"b":1}],"c":3,"a":[]}"#, ["a", "a.b", "c"]) == ["c=3:number"])
        #expect(try self.texts(#"{"a":1,"a":2,"a":3}"#, ["a"]) == ["a=3:number"])
        #expect(try self.texts(#"{"a":{"b":1,"b":2},"a":{"b":3,"b":4}}"#, ["a.b"]) == ["a.b=4:number"])
        #expect(try self.texts(#"{"x":[{"a":1},{"a":2},{"a":3,"a":4}]}"#, ["x.a"]).count == 3)
    }

    @Test func `repeated names with dots count once, beside nested members of the same path`() throws {
        #expect(try self.texts(#"{"a.b":1,"a.b":2}"#, ["a.b"]) == ["a.b=2:number"])
        #expect(try self.texts(#"{"a.b":1,"a":{"b":2},"a.b":3}"#, ["a.b"]) == ["a.b=2:number", "a.b=3:number"])
        #expect(
            try self.texts(#"{"a.b.c":1,"a":{"b.c":2,"b.c":3},"a.b.c":4}"#, ["a.b.c"]) == [
                "a.b.c=3:number", "a.b.c=4:number",
            ]
        )
        #expect(try self.texts(#"{"a":{"b":2},"a.b":3,"a":{"b":4}}"#, ["a.b"]) == ["a.b=3:number", "a.b=4:number"])
    }

    @Test func `fields can be changed between two frames`() throws {
        let decoder = EnvelopeDecoder(fields: FieldSet(paths: ["payload.a"]))
        let frame = Array(legacy(payload: #"{"a":1,"b":2}"#).utf8)
        for paths in [["payload.a"], ["payload.b"], [], ["payload.b", "payload.a"]] {
            guard case .decoded(let decoded) = outcome(frame, fields: paths, decoder: decoder) else {
                Issue.record("rejected")
                continue
            }
            #expect(Set(decoded.leaves.map(\.path)) == Set(paths))
        }
    }

    @Test func `a thousand paths are told apart`() throws {
        let paths = (0..<1_000).map { "payload.f\($0)" }
        let payload = (0..<1_000).map { #""f\#($0)":\#($0)"# }.joined(separator: ",")
        let decoded = try decode(legacy(payload: "{\(payload)}"), fields: paths)
        #expect(decoded.leaves.map(\.path) == paths)
    }

    @Test func `what is no object has no leaves, and what is no JSON is an error`() throws {
        #expect(try self.texts("[1]", ["a"]).isEmpty)
        #expect(try self.texts("5", ["a"]).isEmpty)
        #expect(throws: JSONError.self) { try self.texts("{", ["a"]) }
    }

    @Test func `a field of the payload is not taken from a name with dots for the envelope's own sake`() throws {
        let decoded = try decode(#"{"event_type":"t","payload.run_id":"r"}"#, fields: ["payload.run_id"])
        #expect(decoded.runID.isEmpty)
        #expect(decoded.leaves.count == 1)
    }
}
