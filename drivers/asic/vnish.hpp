#pragma once
#include "drivers/asic/dialect.hpp"
#include "drivers/asic/json_over_http.hpp"

namespace ballast::asic {

/// VNish and Anthill (HTTP 80): `mining/stop` and `mining/start` under a token, which the password unlocks. A token is kept as
/// long as the machine takes it, and got before it is needed. Who unlocks too often is answered 429: then nothing is unlocked
/// for a minute, for twice as long each time again, and ten at most; an order that needs it is refused meanwhile.
class Vnish : public Dialect {
public:
    AsicProtocol protocol() const override { return AsicProtocol::vnish; }
    void add(Machine& machine, const AsicMachine& said) override;
    Turn begin_poll(Machine& machine, Steady now) override;
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;

private:
    enum class Step : std::uint8_t { summary, info, unlock, order };

    struct Memory {
        std::string host, password, token;     ///< Empty token: none.
        Steady barred_until = Steady::min();   ///< Nothing is unlocked before.
        Steady early_from = Steady::min();     ///< Nor, before this, for a poll.
        Duration bar{0};                       ///< The last one's length; 0: none since the last token.

        // Of the poll or order that is under way.
        Step step = Step::summary;
        bool ordering = false;
        bool unlocked = false;                 ///< It has had its one new token.
        bool summary_locked = false;           ///< It is not shown without a token.
        std::optional<Report> seen;
    };

    Turn next(Machine& m, Memory& v, Steady now);
    Turn ask(Memory& v, Step step, std::string_view method, std::string_view target, std::string_view body = {});
    Turn order(const Machine& m, Memory& v);
    Turn unlock(Memory& v, Steady now);
    Turn without_token(const Memory& v, std::string_view why);
    Turn locked(Machine& m, Memory& v, int status, Steady now);
    Turn too_many(Memory& v, Steady now);
    Turn failed(const Memory& v, const wire::http::Answer& answer);
    Turn told(Machine& m, Memory& v, std::string_view body, Steady now);
    Turn summed_up(Machine& m, Memory& v, std::string_view body, Steady now);
    Turn unlocked(Machine& m, Memory& v, std::string_view body, Steady now);
    Turn ordered(const Machine& m, const Memory& v, std::string_view body);
    Turn wrong(const Memory& v, std::string_view why);

    std::vector<Memory> memory_;
    wire::cgminer::Parser parser_;
    JsonOverHttp http_;
};

}  // namespace ballast::asic
