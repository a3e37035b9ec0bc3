#pragma once
#include "sim/plant.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ballast::sim {

/// Where a device listens, and which machine of the plant it is.
struct AsicPlace {
    std::string host;                        ///< A loopback address, dotted.
    std::uint16_t port = 0;
    std::size_t machine = 0;                 ///< In the plant.
    std::optional<Between> reply;            ///< How long an answer takes; none: as the floor's timing says.
    std::optional<Duration> idle{};          ///< How long a connection may say nothing; none: as the floor's timing says.
};

/// One miner's side of its conversations, of any make: what is a request, and what is said to it. It owns no socket and
/// reads no clock; the server (AsicDevices) calls it on one thread.
class AsicDevice {
public:
    virtual ~AsicDevice() = default;

    enum class Form : std::uint8_t { incomplete, broken, whole };
    struct Heard {
        Form form = Form::incomplete;
        std::size_t length = 0;              ///< Of the first request, in bytes, if it is whole.
    };
    struct Asked {
        std::string_view request;            ///< The bytes of one request; of a broken one, all there are.
        bool broken = false;
        Steady now{};
        Instant wall{};
    };
    struct Reply {
        std::string bytes;                   ///< As sent, framing and all. Empty: nothing is said.
        std::optional<Duration> takes{};     ///< From request to reply; none: the time usual with this machine.
        bool closes = true;                  ///< After the reply.
        bool silent = false;                 ///< Never answers; the connection's idle limit ends it.
        std::string privileged{};            ///< A privileged command, as CommandHeard names them; else empty.
        bool accepted = false;
    };

    virtual AsicPlace place() const = 0;

    /// `bytes`: what one connection has sent and nobody has answered yet.
    virtual Heard hear(std::string_view bytes) const = 0;

    /// What comes over the wire for this request, and what the plant is told. A machine that hangs or has no power is
    /// never asked.
    virtual Reply answer(const Asked& asked, Plant& plant) = 0;

    /// `nonsense` as this device would send a reply: the framing is right, the content is not.
    virtual std::string framed(std::string nonsense) const = 0;
};

/// The MAC of the machine that has taken another's address: made from it, in its way of writing, and nobody's.
inline std::string other_mac(std::string mac) {
    return mac.size() < 2 ? mac : mac.replace(0, 2, "02");
}

}  // namespace ballast::sim
