import HTTPTypes
import Hummingbird
import Jobs

/// An answer before it is bytes, so that a fault can still change what it says.
struct Answer: Sendable {
    enum Content: Sendable {
        case json(JSONValue)
        case text(String, type: String)
        /// Its type is among the headers.
        case body(ResponseBody)
        case none
    }

    var status: HTTPResponse.Status
    var headers: HTTPFields
    var content: Content

    init(_ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], _ content: Content = .none) {
        self.status = status
        self.headers = headers
        self.content = content
    }

    init(_ json: JSONValue, headers: HTTPFields = [:]) { self.init(headers: headers, .json(json)) }

    static func html(_ status: HTTPResponse.Status) -> Answer {
        let title = "\(status.code) \(status.reasonPhrase)"
        return Answer(
            status,
            .text(
                "<html>\r\n<head><title>\(title)</title></head>\r\n<body>\r\n<center><h1>\(title)</h1></center>\r\n"
                    + "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n", type: "text/html"))
    }

    /// Changes the keys of a JSON answer; any other stays.
    mutating func alter(_ change: (inout [String: JSONValue]) -> Void) {
        guard case .json(.object(var members)) = content else { return }
        change(&members)
        content = .json(.object(members))
    }

    var body: ResponseBody {
        switch content {
        case .json(let value): ResponseBody(byteBuffer: ByteBuffer(string: value.text))
        case .text(let text, _): ResponseBody(byteBuffer: ByteBuffer(string: text))
        case .body(let body): body
        case .none: ResponseBody()
        }
    }

    /// The headers with the type of what is in it.
    var allHeaders: HTTPFields {
        var headers = headers
        switch content {
        case .json: headers[.contentType] = "application/json; charset=utf-8"
        case .text(_, let type): headers[.contentType] = type
        case .body, .none: break
        }
        return headers
    }

    var response: Response { Response(status: status, headers: allHeaders, body: body) }
}
