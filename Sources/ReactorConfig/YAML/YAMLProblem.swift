/// Why a text is not YAML that we read.
struct YAMLProblem {
    var code: DiagnosticCode
    var message: String
    var position: TextPosition
    /// How many characters to underline.
    var length = 1
}
