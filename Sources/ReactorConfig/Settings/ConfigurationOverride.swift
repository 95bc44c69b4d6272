/// A setting that a flag of the command line gives; wins over everything else.
package struct ConfigurationOverride: Sendable, Hashable {
    /// `http.listen`
    package var path: String
    package var value: String
    /// `--listen`
    package var flag: String

    package init(path: String, value: String, flag: String) {
        self.path = path
        self.value = value
        self.flag = flag
    }
}
