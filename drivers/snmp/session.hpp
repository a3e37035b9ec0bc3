#pragma once
#include "controller/ports.hpp"
#include "drivers/snmp/oid.hpp"
#include "model/result.hpp"
#include "model/units.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace ballast::drivers {

/// Where an SNMP agent is found. The community is a password: no message names it.
struct SnmpAgent {
    std::string host;                ///< A name is looked up anew after a silence.
    std::uint16_t port = 161;        ///< UDP.
    SnmpVersion version = SnmpVersion::v1;
    std::string community;
    Duration timeout{1'000};         ///< Of each try.
};

/// Asks one agent for whole numbers, one request at a time, over a socket of its own that Asio waits at. Everything runs on
/// the executor of whoever awaits. Errors: timeout (nobody answered, or nobody who knows the community), unreachable (no such
/// host, no socket), refused (the agent says why), malformed (an answer, but no number).
class SnmpSession {
public:
    explicit SnmpSession(SnmpAgent agent);
    ~SnmpSession();
    SnmpSession(const SnmpSession&) = delete;
    SnmpSession& operator=(const SnmpSession&) = delete;

    /// `tries` in all, each with the agent's timeout.
    asio::awaitable<Result<std::int64_t>> get(Oid oid, unsigned tries);
    /// What the agent says it has set.
    asio::awaitable<Result<std::int64_t>> set(Oid oid, std::int32_t value, unsigned tries);

private:
    struct Socket;  ///< net-snmp's session, whose headers stay out of here.

    asio::awaitable<Result<std::int64_t>> ask(Oid oid, const std::int32_t* value, unsigned tries);
    asio::awaitable<Result<bool>> open();

    SnmpAgent agent_;
    std::string where_;              ///< "10.0.0.9:161", for errors.
    std::unique_ptr<Socket> socket_;
};

}  // namespace ballast::drivers
