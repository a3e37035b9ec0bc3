#pragma once
#include "sim/messages.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ballast::sim {

/// One interval of a price history, at the time it really had.
struct PastPrice {
    Instant start, end;
    Price price;
};

struct UtilitySettings {
    std::string host = "127.0.0.1";     ///< Of the broker; loopback.
    std::uint16_t port = 1883;
    std::string user, password;         ///< Empty: none.
    std::string price_topic;            ///< "ballast/pecos/signal/ercot"
    std::string dispatch_topic;         ///< "ballast/pecos/signal/utility"
    std::string currency = "USD";
    double speed = 1;                   ///< History seconds a second.
    std::vector<PastPrice> prices;      ///< By start. Published at their mapped start, the first at once.
};

/// A utility and a market on one broker: a price history faster than time, dispatches when asked. QoS 1, retained. It
/// connects, and connects again, by itself; what it has to say meanwhile waits, of prices only the newest.
class Utility {
public:
    explicit Utility(UtilitySettings settings);
    ~Utility();
    Utility(const Utility&) = delete;
    Utility& operator=(const Utility&) = delete;

    void dispatch(Dispatch dispatch);
    void emergency(Dispatch dispatch);
    void release(std::string id);

    /// Acknowledged by the broker.
    std::size_t published() const;
    bool connected() const;
    /// The price published last.
    std::optional<PastPrice> latest() const;
    /// When the last interval of the history is over, as mapped onto the present; none without prices.
    std::optional<Instant> ends() const;

private:
    class Voice;
    std::unique_ptr<Voice> voice_;
};

}  // namespace ballast::sim
