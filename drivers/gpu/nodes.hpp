#pragma once
#include "controller/mailbox.hpp"
#include "model/order.hpp"
#include "wire/gpu_json.hpp"

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::drivers {

/// One node, and how long its agent has for what.
struct GpuNode {
    Slot load{};
    std::string name;
    Power rated;
    Duration stale_after{30'000};      ///< An older status says nothing any more.
    Duration off_within{10'000}, on_within{120'000}, checkpoint_within{120'000};
    bool by_clock = false;             ///< How a cap is to be met.
};

/// Why a status told us nothing.
enum class GpuIgnored : std::uint8_t { malformed, oversized, implausible, stranger, stale, from_future, repeated, strange_ack };
inline constexpr std::size_t gpu_ignored_kinds = 8;
std::string_view name_of(GpuIgnored why);

/// What is known of a broker's nodes: turns their statuses into readings and receipts, and orders into messages. Called
/// from any thread; waits for nothing but the mailbox. Nothing grows with what is heard.
class GpuNodes {
public:
    static constexpr Duration future_tolerance{5'000};

    GpuNodes(std::string site, std::vector<GpuNode> nodes);

    void hear(std::string_view topic, std::string_view payload, Instant received, Steady now, Mailbox& mailbox);

    struct Message {
        std::string topic, payload;
    };
    /// One message for each load; an acknowledgement is believed for these orders only.
    std::vector<Message> order(const Order& order, Instant now);

    struct Counts {
        std::uint64_t heard = 0;
        std::array<std::uint64_t, gpu_ignored_kinds> ignored{};
        std::string last;              ///< What the last one ignored was.
    };
    Counts counts() const;
    const std::string& site() const { return site_; }

private:
    /// An order whose acknowledgement is waited for.
    struct Asked {
        std::uint64_t id = 0;          ///< 0: none.
        wire::GpuOrder::Action action{};
        bool accepted = false, refused = false;  ///< Told already.
    };
    struct Known {
        GpuNode node;
        Instant time = Instant::min();  ///< Of its last status.
        LoadReading told;
        bool tell = true;              ///< The next status is told whatever it says: something was ordered since.
        Asked checkpoint, other;
    };

    void ignore(GpuIgnored why, std::string detail);
    void take(Known& known, const wire::GpuStatus& status, Instant received, Steady now, Mailbox& mailbox);
    void take_ack(Known& known, const wire::GpuStatus::Ack& ack, Steady now, Mailbox& mailbox);
    void read(Known& known, const wire::GpuStatus& status, Steady taken, Mailbox& mailbox);

    const std::string site_;
    std::map<std::string, std::size_t, std::less<>> by_name_;
    std::map<Slot, std::size_t> by_load_;
    mutable std::mutex mutex_;         ///< Guards what follows.
    std::vector<Known> nodes_;
    Counts counts_;
};

}  // namespace ballast::drivers
