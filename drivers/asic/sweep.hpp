#pragma once
#include "drivers/asic/recognise.hpp"
#include "model/result.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::asic {

/// IPv4 addresses in the host's order, from the first to the last.
struct Block {
    std::uint32_t first = 0, last = 0;
    bool operator==(const Block&) const = default;
};

/// "10.0.0.0/24" or "10.0.0.7"; /16 at most, without the addresses of the network itself and of all in it. Fails with malformed or
/// oversized; the detail names the remedy.
Result<Block> parse_network(std::string_view text);

/// Sorted, and each address once.
std::vector<Block> merged(std::vector<Block> blocks);

std::string dotted(std::uint32_t address);

struct SweepSettings {
    std::vector<Block> blocks;          ///< As `merged` gives them.
    Questions questions;
    std::int64_t rate = 50;             ///< Connections begun in a second, > 0.
    std::size_t open = 64;              ///< At once, > 0.
    Duration timeout{3'000};            ///< Of one connection, from its beginning to the last byte.
};

struct Found {
    std::uint32_t address = 0;
    Recognised what;
};

/// Asks one address after another what it is, `open` of them beside each other and no faster than `rate`; each by its own Recogniser,
/// one connection after another. Memory is bounded by `open`, time by addresses and `timeout`, whoever answers and however.
class Sweep {
public:
    /// Throws std::system_error if the system grants no epoll set.
    explicit Sweep(SweepSettings settings);
    Sweep(const Sweep&) = delete;
    Sweep& operator=(const Sweep&) = delete;

    /// Readable when something has come; otherwise `advance` wants to be called every few milliseconds.
    int descriptor() const { return exchanges_.descriptor(); }
    /// Begins what may be begun now, takes what has come, and ends what is too late.
    void advance(Steady now);
    bool over() const { return done_ == total_; }

    std::uint64_t total() const { return total_; }
    std::uint64_t done() const { return done_; }
    std::uint64_t connections() const { return connections_; }
    /// So far: those that answered, by address.
    std::vector<Found> found() const;

private:
    struct Active {
        std::uint32_t address = 0;
        std::optional<Recogniser> asks;
    };
    void earn(Steady now);
    std::optional<std::uint32_t> next_address(bool& alone);
    bool take_up();
    void ask_waiting(Steady now);
    void heard(std::uint32_t who, Outcome outcome, std::string_view bytes);
    void conclude(std::uint32_t who);

    SweepSettings settings_;
    Exchanges exchanges_;
    wire::cgminer::Parser parser_;
    std::vector<Active> active_;
    std::vector<std::uint32_t> free_;
    std::deque<std::uint32_t> waiting_;  ///< With something to ask.
    std::size_t block_ = 0;
    std::uint64_t in_block_ = 0;         ///< Addresses of it taken up.
    std::uint64_t total_ = 0, done_ = 0, connections_ = 0;
    std::int64_t credit_ = 1'000;        ///< Thousandths of a connection.
    std::optional<Steady> earned_;
    std::vector<Found> found_;
};

}  // namespace ballast::asic
