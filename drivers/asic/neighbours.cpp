#include "drivers/asic/neighbours.hpp"

#include "wire/cgminer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace ballast {
namespace {

constexpr unsigned complete = 0x2;  ///< ATF_COM of <net/if_arp.h>.

/// "10.0.0.7  0x1  0x2  d4:01:02:03:04:05  *  eth0"
std::optional<Neighbour> entry(std::string_view line) {
    std::array<std::string_view, 4> words;
    for (std::string_view& word : words) {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        word = line.substr(0, line.find_first_of(" \t"));
        line.remove_prefix(word.size());
    }
    boost::system::error_code wrong;
    const auto address = boost::asio::ip::make_address_v4(words[0], wrong);
    const auto mac = wire::cgminer::mac_address(words[3]);
    unsigned flags = 0;
    const std::string_view hex = words[2].starts_with("0x") ? words[2].substr(2) : std::string_view{};
    const auto [end, failed] = std::from_chars(hex.data(), hex.data() + hex.size(), flags, 16);
    if (wrong || !mac || failed != std::errc{} || !(flags & complete)) return std::nullopt;
    return Neighbour{*mac, address};
}

}  // namespace

std::vector<Neighbour> parse_neighbours(std::string_view text) {
    std::vector<Neighbour> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (const auto one = entry(text.substr(0, end))) out.push_back(*one);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::vector<Neighbour> read_neighbours() {
    std::ifstream table{"/proc/net/arp"};
    return parse_neighbours(std::string{std::istreambuf_iterator<char>{table}, {}});
}

}  // namespace ballast
