import Events
import ReactorRuntime
import SyntheticEvents
import Testing

@Suite struct TypeTableTests {
    private func index(of type: String, in table: TypeTable) -> Int {
        Array(type.utf8).withUnsafeBytes { table.index(of: ByteView($0)) }
    }

    @Test func `types are numbered in the order given, once each, and other is last`() {
        let table = TypeTable(["run.failed", "run.started", "run.failed"])
        #expect(table.names == ["run.failed", "run.started", "other"])
        #expect(table.count == 3 && table.otherIndex == 2)
        #expect(self.index(of: "run.started", in: table) == 1)
    }

    @Test(arguments: ["", "run", "run.faile", "run.failed ", "run.failedx", "RUN.FAILED", "run.fäiled", "other"])
    func `what is not in the table is other`(type: String) {
        let table = TypeTable(["run.failed", "run.started"])
        #expect(self.index(of: type, in: table) == table.otherIndex)
    }

    @Test func `a type called other is not told apart from the rest`() {
        let table = TypeTable(["other", "run.failed"])
        #expect(table.names == ["run.failed", "other"])
        #expect(self.index(of: "other", in: table) == 1)
    }

    @Test func `names that differ only in their Unicode form are different types`() {
        let table = TypeTable(["caf\u{e9}", "cafe\u{301}"])
        #expect(table.count == 3)
        #expect(self.index(of: "caf\u{e9}", in: table) == 0)
        #expect(self.index(of: "cafe\u{301}", in: table) == 1)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 1000, 5000])
    func `every type of a table of any size is found`(count: Int) {
        let names = (0..<count).map { "domain\($0 % 13).event.\($0)" }
        let table = TypeTable(names)
        for (number, name) in names.enumerated() { #expect(self.index(of: name, in: table) == number) }
        #expect(self.index(of: "domain0.event.\(count)", in: table) == count)
    }
}
