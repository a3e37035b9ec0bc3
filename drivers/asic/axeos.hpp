#pragma once
#include "drivers/asic/dialect.hpp"
#include "drivers/asic/json_over_http.hpp"

namespace ballast::asic {

/// AxeOS on Bitaxes (HTTP 80, no password): `pause` and `resume`, from firmware 2.14 on. It takes orders from its own network
/// only. Its pause ends with a restart: a machine that should sleep then hashes again, which its next poll shows and the
/// engine answers; nothing is repeated here.
class Axeos : public Dialect {
public:
    AsicProtocol protocol() const override { return AsicProtocol::axeos; }
    void add(Machine& machine, const AsicMachine& said) override;
    Turn begin_poll(Machine& machine, Steady now) override;
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;

private:
    enum class Step : std::uint8_t { poll, identify, order };

    struct Memory {
        Step step = Step::poll;
        std::string host;  ///< As a header has it.
    };

    Turn ask_info(Memory& a, Step step);
    Turn order(Machine& m, Memory& a);
    Turn ordered(const wire::http::Answer& answer);
    Turn told(Machine& m, const Memory& a, std::string_view body);
    Turn wrong(const Memory& a, std::string_view why);

    std::vector<Memory> memory_;
    wire::cgminer::Parser parser_;
    JsonOverHttp http_;
};

}  // namespace ballast::asic
