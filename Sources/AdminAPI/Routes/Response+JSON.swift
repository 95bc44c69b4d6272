import FoundationEssentials
import Hummingbird
import HummingbirdCore

extension Response {
    /// An answer in JSON.
    static func json(
        _ value: some Encodable,
        status: HTTPResponse.Status = .ok,
        mediaType: String = "application/json"
    ) throws -> Response {
        .bytes(Array(try AdminJSON.encode(value)), status: status, mediaType: mediaType)
    }

    static func bytes(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, mediaType: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: mediaType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
