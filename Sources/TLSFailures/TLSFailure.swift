import NIOSSL

/// What went wrong in TLS, in words that tell what to do about it.
///
/// The library's text of such an error names a code and a line of its own source; only the reason in between says
/// something, and to those who know OpenSSL.
package enum TLSFailure {
    /// In words; nil for an error that is not one of TLS.
    package static func words(for error: any Error) -> String? {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "the server's certificate is for other names than the one that was asked for"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self.words(of: "\(error)")
        default: nil
        }
    }

    /// - Parameter description: as the library describes the error: `… OPENSSL_internal:REASON at file:line …`.
    package static func words(of description: String) -> String {
        guard let begin = description.firstRange(of: "OPENSSL_internal:")?.upperBound else {
            return String(description.prefix { $0 != "\n" }.prefix(200))
        }
        let reason = description[begin...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
        return self.known[String(reason)] ?? reason.lowercased().replacing("_", with: " ")
    }

    /// The reasons that a wrong setting leads to, by BoringSSL's names for them (crypto/err/ssl.errordata).
    private static let known = [
        "CERTIFICATE_VERIFY_FAILED":
            "the server's certificate has expired or is signed by nobody whom we trust: "
            + "the authorities of the CA file, or without one those of the system",
        "WRONG_VERSION_NUMBER": "the server does not speak TLS on this port",
        "TLSV1_ALERT_UNKNOWN_CA": "the server does not trust the certificate that we showed, or wants one",
        "TLSV1_ALERT_CERTIFICATE_REQUIRED": "the server wants a certificate of ours, and there is none",
        "SSLV3_ALERT_HANDSHAKE_FAILURE":
            "the server refused the handshake: no protocol or cipher in common, or it wants a certificate of ours",
    ]
}
