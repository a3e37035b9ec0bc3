#pragma once
#include <boost/asio/ip/address_v4.hpp>

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace ballast {

/// Who this host has lately talked to on its own network.
struct Neighbour {
    std::uint64_t mac = 0;
    boost::asio::ip::address_v4 address;
    bool operator==(const Neighbour&) const = default;
};

/// Reads that table, at most some thousand entries; empty where there is none. Must not block for long.
using NeighbourReader = std::function<std::vector<Neighbour>()>;

/// Of the text of Linux's /proc/net/arp: the entries that are complete. What is not understood is left out.
std::vector<Neighbour> parse_neighbours(std::string_view text);

/// /proc/net/arp as it is now.
std::vector<Neighbour> read_neighbours();

}  // namespace ballast
