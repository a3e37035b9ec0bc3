#pragma once
#include "drivers/asic/dialect.hpp"
#include "wire/whatsminer2.hpp"

namespace ballast::asic {

/// MicroBT's API v2 (TCP 4028). Reports are plain; orders are sealed under a session, which is fetched with a poll before it
/// is needed, so that an order is one exchange. A machine has one of ours at a time.
class Whatsminer2 : public Dialect {
public:
    AsicProtocol protocol() const override { return AsicProtocol::whatsminer2; }
    void add(Machine& machine, const AsicMachine& said) override;
    Turn begin_poll(Machine& machine, Steady now) override;
    Turn begin_look(Machine& machine, Steady now) override;
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;

private:
    /// What it was last asked.
    enum class Step : std::uint8_t { summary, status, early_token, identify, token, power, devs, pools, errors };

    struct Memory {
        Step step = Step::summary;
        bool renewed = false;                ///< This order has had its one fresh session.
        std::uint32_t password = 0;          ///< Of `passwords_`.
        Steady renew_at = Steady::min();     ///< The session is too old from then on.
        std::string off, on;                 ///< The orders, sealed; empty: no session.
        std::optional<wire::whatsminer2::Session> session;  ///< Opens the answers.
        std::optional<Power> power;
        std::optional<double> gigahashes, mean_gigahashes;
        std::optional<bool> says_off;
        std::optional<Temperature> chips;
        Health health;                       ///< Of a look.
    };

    Turn ask(Memory& w, Step step, std::string_view command);
    Turn reported(Machine& m, Memory& w, const wire::cgminer::Reply& reply, Steady now);
    Turn looked_on(Memory& w, const wire::cgminer::Reply& reply);
    Turn concluded(Machine& m, const Memory& w) const;
    Turn ordered(Machine& m, Memory& w, Steady now);
    std::string_view packet(const Machine& m, const Memory& w);
    Turn token_given(Machine& m, Memory& w, const wire::cgminer::Reply& reply, Steady now);
    Turn order_answered(Machine& m, Memory& w, std::string_view bytes);
    bool take_token(Memory& w, const wire::cgminer::Reply& reply, Steady now);

    std::vector<Memory> memory_;
    std::vector<std::string> passwords_;
    wire::cgminer::Parser parser_;
    std::string request_;
};

}  // namespace ballast::asic
