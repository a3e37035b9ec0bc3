#pragma once
#include "drivers/asic/capabilities.hpp"
#include "model/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace ballast::bench {

/// One machine of a mixed floor, as bench/floor.py writes it down: `driver,host,port,watts`, a header first.
struct FloorMachine {
    AsicProtocol make{};
    std::string host;
    std::uint16_t port = 0;
    Power watts;
};

inline AsicProtocol make_named(const std::string& driver) {
    const auto make = std::ranges::find(capabilities(), driver, &Capabilities::name);
    if (make == capabilities().end()) throw std::runtime_error{fmt::format("no make is called {}", driver)};
    return make->protocol;
}

inline std::vector<FloorMachine> read_floor(const std::string& path) {
    std::ifstream file{path};
    std::vector<FloorMachine> floor;
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        const std::size_t first = line.find(','), second = line.find(',', first + 1), third = line.find(',', second + 1);
        if (third == std::string::npos) throw std::runtime_error{fmt::format("{}: not driver,host,port,watts: {}", path, line)};
        floor.push_back({make_named(line.substr(0, first)), line.substr(first + 1, second - first - 1), static_cast<std::uint16_t>(std::stoi(line.substr(second + 1))),
                         Power{std::stoll(line.substr(third + 1))}});
    }
    if (floor.empty()) throw std::runtime_error{fmt::format("{}: no machine in it", path)};
    return floor;
}

}  // namespace ballast::bench
