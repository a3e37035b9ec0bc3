#pragma once
#include "drivers/asic/dialect.hpp"
#include "wire/whatsminer3.hpp"

namespace ballast::asic {

/// MicroBT's API v3 (TCP 4433). Reports are open; an order carries the machine's time and a token made of that, of the password and
/// of a salt. The salt comes with each poll and is kept until it is denied, and each reply tells the machine's clock, so
/// that an order is one exchange.
class Whatsminer3 : public Dialect {
public:
    AsicProtocol protocol() const override { return AsicProtocol::whatsminer3; }
    void add(Machine& machine, const AsicMachine& said) override;
    Turn begin_poll(Machine& machine, Steady now) override;
    Turn begin_look(Machine& machine, Steady now) override;
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;

private:
    /// What it was last asked: for itself, in a poll or for an order; for its figures; to stop, start or slow; for its boards and its pools.
    enum class Step : std::uint8_t { info, summary, prepare, order, edevs, pools };

    struct Memory {
        Step step = Step::info;
        bool renewed = false;                ///< This order has had its one fresh salt and clock.
        std::uint32_t login = 0;             ///< Of `logins_`.
        std::string salt;                    ///< Empty: none.
        std::optional<Duration> ahead;       ///< Its clock (UTC) less ours, which is the steady one and knows no date.
        std::string_view command = "set.miner.service";  ///< The last order's.
        std::chrono::sys_seconds stamped{};  ///< What the last order carried.

        // Of a poll.
        std::optional<Power> power;
        std::optional<double> gigahashes, mean_gigahashes;
        std::optional<bool> works;           ///< It says that its mining service runs.
        std::optional<bool> hot;             ///< It says so by its codes.
        std::optional<Temperature> chips;
        Health health;                       ///< Of a look.
    };
    struct Login {
        std::string account, password;
        bool operator==(const Login&) const = default;
    };

    Turn ask(Memory& w, Step step);
    Turn informed(Machine& m, Memory& w, const wire::whatsminer3::Reply& reply, Steady now);
    Turn looked_on(Memory& w, const wire::whatsminer3::Reply& reply);
    Turn concluded(Machine& m, const Memory& w) const;
    Turn ordered(Machine& m, Memory& w, Steady now);
    Turn order_answered(Memory& w, const wire::whatsminer3::Reply& reply);
    std::string words_of(const Memory& w, const wire::whatsminer3::Reply& reply) const;

    std::vector<Memory> memory_;
    std::vector<Login> logins_;
    wire::cgminer::Parser parser_;
    std::string request_;
};

}  // namespace ballast::asic
