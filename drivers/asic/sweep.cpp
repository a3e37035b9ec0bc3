#include "drivers/asic/sweep.hpp"

#include "wire/printable.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ballast::asic {
namespace {

using boost::asio::ip::address_v4;

constexpr unsigned widest = 16;
constexpr std::int64_t price = 1'000;  ///< Of one connection, in thousandths.

Result<Block> malformed(std::string_view text) {
    return fail(Errc::malformed, fmt::format("\"{}\" is no IPv4 network; expected 10.0.0.0/24, or one address, 10.0.0.7", wire::printable(text, 60)));
}

}  // namespace

std::string dotted(std::uint32_t address) { return address_v4{address}.to_string(); }

Result<Block> parse_network(std::string_view text) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    boost::system::error_code wrong;
    const auto address = boost::asio::ip::make_address_v4(text.substr(0, slash), wrong);
    if (wrong) return malformed(text);
    if (slash == text.size()) return Block{address.to_uint(), address.to_uint()};
    unsigned bits = 0;
    const std::string_view length = text.substr(slash + 1);
    const auto [end, failed] = std::from_chars(length.data(), length.data() + length.size(), bits);
    if (failed != std::errc{} || end != length.data() + length.size() || bits > 32) return malformed(text);
    if (bits < widest)
        return fail(Errc::oversized, fmt::format("{} has {} addresses; a sweep takes /{} at most: name the networks where miners live, several if need be", text,
                                                 std::uint64_t{1} << (32 - bits), widest));
    const std::uint32_t others = bits == 32 ? 0 : 0xffff'ffffu >> bits;
    Block block{address.to_uint() & ~others, address.to_uint() | others};
    if (bits < 31) ++block.first, --block.last;
    return block;
}

std::vector<Block> merged(std::vector<Block> blocks) {
    std::ranges::sort(blocks, {}, &Block::first);
    std::vector<Block> out;
    for (const Block& block : blocks)
        if (!out.empty() && block.first <= out.back().last) out.back().last = std::max(out.back().last, block.last);
        else out.push_back(block);
    return out;
}

Sweep::Sweep(SweepSettings settings)
    : settings_{std::move(settings)}, exchanges_{{settings_.open, 0, settings_.timeout, settings_.timeout}, [this](std::uint32_t who, Outcome outcome, std::string_view bytes) { heard(who, outcome, bytes); }},
      active_(settings_.open) {
    for (const Block& block : settings_.blocks) total_ += std::uint64_t{block.last} - block.first + 1;
    for (auto who = static_cast<std::uint32_t>(active_.size()); who-- > 0;) free_.push_back(who);
}

void Sweep::advance(Steady now) {
    earn(now);
    exchanges_.serve(now);
    exchanges_.expire(now);
    ask_waiting(now);
}

/// A pause is not made up for by a burst: at most a tenth of a second's worth is kept.
void Sweep::earn(Steady now) {
    const Duration since = earned_ ? now - *earned_ : Duration{0};
    earned_ = now;
    credit_ = std::min(credit_ + since.count() * settings_.rate, std::max(price, settings_.rate * 100));
}

/// Who was begun is finished before others are.
void Sweep::ask_waiting(Steady now) {
    while (credit_ >= price && exchanges_.room() && (!waiting_.empty() || take_up())) {
        const std::uint32_t who = waiting_.front();
        Active& one = active_[who];
        const auto request = one.asks->next();
        if (!request) {
            waiting_.pop_front();
            conclude(who);
            continue;
        }
        Exchanges::Handle handle = 0;
        const boost::asio::ip::tcp::endpoint to{address_v4{one.address}, request->port};
        const auto begun = exchanges_.begin(who, to, *request, now, handle);
        if (begun == Exchanges::Begun::short_of) return;
        waiting_.pop_front();
        credit_ -= price;
        ++connections_;
        if (begun == Exchanges::Begun::unreachable) heard(who, Outcome::unreachable, {});
    }
}

/// `alone`: somebody named this very address.
std::optional<std::uint32_t> Sweep::next_address(bool& alone) {
    if (block_ == settings_.blocks.size()) return std::nullopt;
    const Block& block = settings_.blocks[block_];
    const auto address = static_cast<std::uint32_t>(block.first + in_block_++);
    alone = block.first == block.last;
    if (address == block.last) ++block_, in_block_ = 0;
    return address;
}

/// The next address; false: there is none, or no place for it.
bool Sweep::take_up() {
    if (free_.empty()) return false;
    bool alone = false;
    const auto address = next_address(alone);
    if (!address) return false;
    const std::uint32_t who = free_.back();
    free_.pop_back();
    active_[who].address = *address;
    active_[who].asks.emplace(settings_.questions, dotted(*address), alone);
    waiting_.push_back(who);
    return true;
}

void Sweep::heard(std::uint32_t who, Outcome outcome, std::string_view bytes) {
    active_[who].asks->heard(outcome, bytes, parser_);
    if (active_[who].asks->over()) conclude(who);
    else waiting_.push_back(who);
}

void Sweep::conclude(std::uint32_t who) {
    Active& one = active_[who];
    if (one.asks->found().answers) found_.push_back({one.address, one.asks->found()});
    one.asks.reset();
    free_.push_back(who);
    ++done_;
}

std::vector<Found> Sweep::found() const {
    auto sorted = found_;
    std::ranges::sort(sorted, {}, &Found::address);
    return sorted;
}

}  // namespace ballast::asic
