import Testing

@testable import Reactions

@Suite struct ExactTextTests {
    private static let texts = [
        "", "a", "b", "run-1", "run-2", "e\u{301}", "\u{E9}", "fifteen bytes..", "sixteen bytes...", "sixteen bytes..!",
        String(repeating: "long ", count: 40), String(repeating: "long ", count: 39) + "lang ", "k:t", "k", ":t",
    ]

    @Test func `two texts are one key where their bytes are the same, however they are kept`() {
        for first in Self.texts {
            for second in Self.texts {
                // Made anew, so that neither shares its storage with the other.
                let copy = String(decoding: Array(second.utf8), as: UTF8.self)
                let isSame = Array(first.utf8) == Array(second.utf8)
                #expect((ExactText(first) == ExactText(copy)) == isSame, "\(first) and \(second)")
                if isSame { #expect(ExactText(first).hashValue == ExactText(copy).hashValue) }
                #expect((HashedText(first) == HashedText(copy)) == isSame, "\(first) and \(second), hashed")
                if isSame { #expect(HashedText(first).hashValue == HashedText(copy).hashValue) }
            }
        }
        #expect(Set(Self.texts.map(ExactText.init)).count == Self.texts.count)
        #expect(Set(Self.texts.map { HashedText($0) }).count == Self.texts.count)
    }

    @Test func `a fingerprint is that of its parts with colons between them, also where parts are empty`() {
        for key in Self.texts {
            for tenant in Self.texts {
                for domain in Self.texts {
                    let parts = Fingerprint(key: key, tenant: tenant, domain: domain)
                    #expect(parts == Fingerprint(of: "\(key):\(tenant):\(domain)"))
                }
            }
        }
    }
}
