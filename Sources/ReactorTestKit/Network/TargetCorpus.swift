/// Addresses that must not be connected to, as they are tried: for tests of the guard and of the sender.
package enum TargetCorpus {
    /// This machine and others that are nobody's business, in every way that some reader takes for an address.
    package static let hosts: [String] = [
        // Loopback, plain and short, decimal, octal, hexadecimal, mixed.
        "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "127.000.000.001", "0127.0.0.1", "0177.0.0.1",
        "0177.0000.0000.0001", "00000177.1", "017700000001", "0x7f.0.0.1", "0x7f.1", "0x7F.0x0.0x0.0x1", "0x7f000001",
        "0X7F000001", "2130706433", "2130706434", "127.0x1", "127.65535", "127.16777215", "0x7f.0377.255", "127.0.0.1.",
        "127.1.", "2130706433.", "0x7f000001.", "00x7f.0.0.1", "127.0.0.0x1", "127.0.0.01", "127.0.0.08",
        // Zero is this machine, too.
        "0", "0.0.0.0", "00", "0x0", "0x", "0.0", "0.0.0", "0.1.2.3", "000000000000", "0.0.0.0.",
        // Private networks.
        "10.0.0.1", "10.1", "10.255.255.255", "012.0.0.1", "0xa.0.0.1", "167772161", "0x0a000001", "172.16.0.1",
        "172.31.255.255", "172.16.1", "0254.16.0.1", "0xac100001", "2886729729", "192.168.0.1", "192.168.1.254",
        "192.168.257", "0300.0250.0.1", "0xc0a80001", "3232235521", "0xc0.0xa8.0x0.0x1",
        // Link-local and metadata services.
        "169.254.169.254", "169.254.1.1", "0251.0376.0251.0376", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "2852039166",
        "169.16689662", "169.254.43518", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16",
        "025177524776",
        // Carrier-grade NAT, multicast, reserved.
        "100.64.0.1", "100.127.255.255", "0x64400001", "224.0.0.1", "239.255.255.255", "232.1.1.1", "240.0.0.1",
        "255.255.255.255", "4294967295", "0xffffffff", "037777777777", "192.0.0.1", "192.0.2.1", "192.88.99.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "254.1.2.3",
        // IPv6.
        "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::]", "[0::0]", "[::0.0.0.1]",
        "[fe80::1]", "[fe80::]", "[febf::1]", "[fc00::1]", "[fd00::1]", "[fdff:ffff::1]", "[fd00:ec2::254]",
        "[fd20:ce::254]", "[fec0::1]", "[ff02::1]", "[ff0e::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[4000::1]",
        "[5f00::1]", "[2001:10::1]", "[2001:2::1]",
        // IPv4 in IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP.
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::FFFF:10.0.0.1]", "[::ffff:a00:1]",
        "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::ffff:192.168.1.1]", "[::ffff:0.0.0.0]",
        "[::ffff:8.8.8.8]", "[::127.0.0.1]", "[::7f00:1]", "[::10.0.0.1]", "[::a9fe:a9fe]", "[::8.8.8.8]",
        "[::ffff:0:127.0.0.1]", "[::ffff:0:7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[64:ff9b::169.254.169.254]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::127.0.0.1]", "[64:ff9b:1::a9fe:a9fe]",
        "[2002:7f00:1::]", "[2002:7f00:0001::1]", "[2002:a9fe:a9fe::]", "[2002:c0a8:101::1]", "[2002:808:808::1]",
        "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[2001::1]", "[2a00:1450::5efe:7f00:1]",
        "[2a00:1450::200:5efe:a00:1]",
        "[fe80::5efe:127.0.0.1]",
        // What is an address to some and nothing to others.
        "[::1%25lo]", "[::1%lo]", "[fe80::1%25eth0]", "[::1", "::1", "[127.0.0.1]", "[::ffff:127.1]",
        "[::ffff:0x7f.0.0.1]",
        "[::ffff:127.0.0.01]", "[1::2::3]", "[:::1]", "[]", "[::1].example.com", "256.0.0.1", "127.0.0.256",
        "127.0.0.1.1",
        "4294967296", "0x100000000", "127..1", "127.0.0.-1", "+127.0.0.1", "127.0.0.1_", "1e3", "0b1.0.0.1",
        // Names of this machine and its network.
        "localhost", "LOCALHOST", "localhost.", "LocalHost.localdomain", "foo.localhost", "printer.local",
        "db.internal",
        "metadata.google.internal", "metadata", "redis", "kubernetes.default.svc.cluster.local", "router.lan",
        "nas.home.arpa", "intranet", "host.docker.internal",
        // Characters that some readers fold, decode, drop or stop at.
        "%31%32%37.0.0.1", "127%2e0%2e0%2e1", "127.0.0.1%00.example.com", "127.0.0.1%23.example.com",
        "\u{FF11}\u{FF12}\u{FF17}.0.0.1", "\u{2460}\u{2461}\u{2466}.0.0.1", "127\u{3002}0\u{3002}0\u{3002}1",
        "127\u{FF0E}0\u{FF0E}0\u{FF0E}1", "loc\u{AD}alhost", "local\u{200B}host", "\u{24DB}ocalhost",
        "lo\u{212A}alhost",
        "127.0.0.1\\.example.com", "example.com\\@127.0.0.1", "127.0.0.1\t", "127.0.0.1\n.example.com", "127.0.0.1 ",
        "example.com,127.0.0.1", "example.com;127.0.0.1", "127.0.0.1^", "(127.0.0.1)", "{127.0.0.1}", "", ".", "..",
        ".127.0.0.1", "example..com", "\u{0}127.0.0.1", "exa\u{301}mple.com",
    ]

    /// Whole URLs that mislead about scheme, user, host or port.
    package static let urls: [String] = [
        "http://example.com@127.0.0.1/", "http://127.0.0.1@example.com/", "http://user:pass@example.com/",
        "http://:@example.com/", "http://@127.0.0.1/", "http://example.com:80@127.0.0.1/", "http://a@b@127.0.0.1/",
        "http://example.com%40127.0.0.1/", "http://127.0.0.1:80#@example.com/", "http://127.0.0.1?@example.com/",
        "http://127.0.0.1/@example.com", "http:/127.0.0.1/", "http:127.0.0.1", "http:///127.0.0.1/",
        "http:////127.0.0.1", "//127.0.0.1/", "127.0.0.1", "http:\\\\127.0.0.1\\", "http:/\\127.0.0.1/", "http://",
        "http://#", "http://?", "", " ", "http:// 127.0.0.1/", " http://example.com/", "http://example.com/\r\nHost: x",
        "http://exa mple.com/", "http://example.com:22/", "http://example.com:6379/", "http://example.com:25/",
        "http://example.com:8080/", "https://example.com:11211/", "http://example.com:0/", "http://example.com:65536/",
        "http://example.com:99999/", "http://example.com:-80/", "http://example.com:+80/", "http://example.com:0x50/",
        "http://example.com:80:80/", "http://example.com:8 0/", "http://example.com:\u{FF18}\u{FF10}/",
        "file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/stat",
        "ldap://127.0.0.1/", "jar:http://127.0.0.1!/", "unix:///run/docker.sock", "http+unix://%2Frun%2Fdocker.sock/",
        "https+unix://%2Frun%2Fdocker.sock/", "javascript://127.0.0.1/", "data://text/plain,hi", "ws://127.0.0.1/",
        "tftp://127.0.0.1/", "netdoc:///etc/passwd", "HTTP+UNIX://%2Frun%2Fdocker.sock/", "\u{FF48}ttp://127.0.0.1/",
        "http\u{0}://example.com/", "http://[::1]:22/", "http://[::1]x/", "http://[::1]@example.com/",
        "http://[::ffff:127.0.0.1]:6379/", "http://2130706433:6379/", "http://0x7f.1:11211/",
    ]

    package static let all: [String] = Self.hosts.flatMap { ["http://\($0)/hook", "https://\($0)/"] } + Self.urls
}
