import Testing

@testable import ReactorConfig

struct InterpolationTests {
    private let environment = ["NAME": "value", "EMPTY": "", "SYNTAX": "}: [1, 2] # ${NAME}"]

    @Test(arguments: [
        ("plain", "plain"), ("${NAME}", "value"), ("a${NAME}b${NAME}", "avaluebvalue"), ("$NAME", "$NAME"),
        ("5$", "5$"),
        ("$$", "$"), ("$${NAME}", "${NAME}"), ("$$$${NAME}", "$${NAME}"), ("${NONE:-}", ""),
        ("${NONE:-a b:c}", "a b:c"),
        ("${EMPTY}", ""), ("${EMPTY:-default}", "default"), ("${NAME:-default}", "value"), ("${NAME:?needed}", "value"),
        ("{{payload.run_id}}", "{{payload.run_id}}"), ("${SYNTAX}", "}: [1, 2] # ${NAME}"),
    ])
    func `variables are put in`(text: String, expected: String) {
        let result = Interpolation(text, environment: self.environment)
        #expect(result.text == expected)
        #expect(result.problems.isEmpty)
    }

    @Test func `a variable that is not set and has no default is a problem at its place`() throws {
        let result = Interpolation("ab ${NONE}", environment: self.environment)
        let problem = try #require(result.problems.first)
        #expect(problem.code == .unsetVariable)
        #expect(problem.message == "${NONE} is not set and has no default; write ${NONE:-…} or set it")
        #expect(problem.offset == 3)
        #expect(problem.length == 7)
    }

    @Test(arguments: ["${NONE:?set it to the pager's URL}", "${EMPTY:?set it to the pager's URL}"])
    func `a variable that is needed brings its own message`(text: String) {
        let messages = Interpolation(text, environment: self.environment).problems.map(\.message)
        let name = text.contains("NONE") ? "NONE" : "EMPTY"
        #expect(messages == ["${\(name)} is not set: set it to the pager's URL"])
    }

    @Test(arguments: ["${", "${NAME", "${}", "${1A}", "${NAME-x}", "${NAME:x}", "${NA ME}", "${A:-${NAME}}", "${A:=b}"])
    func `anything else between the braces is refused`(text: String) {
        #expect(Interpolation(text, environment: self.environment).problems.first?.code == .badInterpolation)
    }
}
