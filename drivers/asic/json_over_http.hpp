#pragma once
#include "drivers/asic/exchanges.hpp"
#include "model/result.hpp"
#include "wire/http_exchange.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace ballast::asic {

/// Asks web servers that speak JSON and need no more than a header to know who asks. One of it serves all machines of a dialect.
class JsonOverHttp {
public:
    struct Call {
        std::string_view method = "GET", target, host;
        std::string_view authorization{};  ///< That header's value; empty: without it.
        std::string_view body{};           ///< JSON; empty: none.
    };
    /// Its bytes live until the next one. Fails for a host or header that would break its line; quotes neither header nor body.
    Result<Request> request(const Call& call, Duration patience = {});

private:
    std::string bytes_;
};

/// As the header Host wants it: an IPv6 address in brackets, a port unless it is 80.
std::string http_host(std::string_view host, std::uint16_t port);

/// HTML, as portals, proxies and other devices say where JSON is due, whatever their status.
bool is_web_page(std::string_view body);

/// A device's own words, printable and short; instead a remark if one of the secrets is repeated in them.
std::string fit_to_log(std::string_view words, std::initializer_list<std::string_view> secrets);

}  // namespace ballast::asic
