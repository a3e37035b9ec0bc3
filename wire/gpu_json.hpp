#pragma once
#include "model/event.hpp"
#include "model/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::wire {

/// What a GPU node's agent is asked (docs/schema/gpu-order.json).
struct GpuOrder {
    enum class Action : std::uint8_t { checkpoint, cap, sleep, resume };
    std::uint64_t order = 0;        ///< Rises for ever; a higher one replaces a lower one that is not a checkpoint.
    Action action{};
    std::optional<Power> watts;     ///< With `cap`: draw at most this.
    bool by_clock = false;          ///< With `cap`: by locking clocks, else by the power limit.
    Instant issued{}, deadline{};   ///< It has to be done, and said, by then.
    std::string reason;             ///< "dispatched", ...: see Reason.
    std::uint32_t event = 0;        ///< As in `ballast receipt`; 0: none.
};

/// What it says of itself (docs/schema/gpu-status.json).
struct GpuStatus {
    enum class Result : std::uint8_t { accepted, done, refused };
    struct Ack {
        std::uint64_t order = 0;
        Result result{};
    };
    static constexpr std::size_t most_acks = 16;

    Instant time{};                 ///< By the agent's clock, of `power`.
    Mode mode = Mode::unknown;
    std::optional<Power> power;     ///< At the wall; absent: not known.
    std::optional<Power> cap;       ///< In force; absent: none.
    std::vector<Ack> acks;          ///< Of the orders it had lately.
};

std::string_view name_of(GpuOrder::Action action);
std::string_view name_of(GpuStatus::Result result);

std::string gpu_order_json(const GpuOrder& order);
std::string gpu_status_json(const GpuStatus& status);

/// At most 4 KiB; fields that are not known are passed over. The detail says what is wrong and what is expected.
tl::expected<GpuOrder, Error> parse_gpu_order(std::string_view payload);
tl::expected<GpuStatus, Error> parse_gpu_status(std::string_view payload);

/// "ballast/<site>/gpu/<load>/order", or ".../status".
std::string gpu_topic(std::string_view site, std::string_view load, std::string_view what);
/// The load of such a topic; empty: it is none.
std::string_view load_of_gpu_topic(std::string_view site, std::string_view topic, std::string_view what);

}  // namespace ballast::wire
