#pragma once
#include "model/result.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// One HTTP/1.1 exchange a connection, as the web servers in miners take it (RFC 9112): the request as bytes, the answer
/// from bytes. Knows no socket and no clock. Boost.Beast does the writing and the parsing.
namespace ballast::wire::http {

/// An answer longer than this, its header included, is oversized. So is a request's body.
inline constexpr std::size_t most_bytes = 65'536;

/// An answer's first line may have so many bytes, and so may all of its header's fields together.
inline constexpr std::size_t most_header_bytes = 8'192;

struct Header {
    std::string_view name, value;
};

struct Request {
    std::string_view method = "GET";
    std::string_view target = "/";  ///< Path and query, as the device shall see them: nothing is escaped here.
    std::string_view host;          ///< With its port unless that is 80; an IPv6 address in brackets.
    std::span<const Header> headers;
    std::string_view body;
};

/// The request's bytes, with Host, `Connection: close` and, where there is a body or POST, PUT or PATCH, Content-Length.
/// Fails with malformed if a word would break out of its line, and oversized; no error quotes a header's value or the body.
Result<std::string> write_request(const Request& request);

struct Answer {
    int status = 0;  ///< 200 to 599, or 101.
    std::string body;
    std::vector<std::string> www_authenticate;  ///< Each value of the header, in their order.

    bool succeeded() const { return status >= 200 && status < 300; }
};

/// Whether `bytes`, all that came so far, are a complete answer: by Content-Length, by the last chunk, or because its
/// status has no body. An answer that ends with its connection is never whole here: `parse` it once that has ended.
/// Fails, as early as it can be known, with malformed or oversized. Keeps nothing: looks at all of `bytes` each time.
Result<bool> whole(std::string_view bytes);

/// `ended`: the connection has ended behind `bytes`. Answers that only announce another (100, 103) are skipped; what
/// follows a complete answer is left alone. Fails with malformed, also where something is missing, or with oversized.
Result<Answer> parse(std::string_view bytes, bool ended);

}  // namespace ballast::wire::http
