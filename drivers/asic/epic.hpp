#pragma once
#include "drivers/asic/dialect.hpp"
#include "drivers/asic/json_over_http.hpp"

namespace ballast::asic {

/// ePIC's PowerPlay firmware (HTTP 4028): `Stop` and `Autostart`, with the password in the body.
class Epic : public Dialect {
public:
    AsicProtocol protocol() const override { return AsicProtocol::epic; }
    void add(Machine& machine, const AsicMachine& said) override;
    Turn begin_poll(Machine& machine, Steady now) override;
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;

private:
    enum class Step : std::uint8_t { summary, who, identify, order };

    struct Memory {
        Step step = Step::summary;
        std::string host, password;
        Report seen;  ///< This poll's, until it is known who said it.
    };

    Turn ask(Memory& e, Step step);
    Turn order(Machine& m, Memory& e);
    Turn ordered(const Memory& e, const wire::http::Answer& answer);
    Turn summed_up(Machine& m, Memory& e, std::string_view body);
    Turn known(Machine& m, Memory& e, std::string_view body);
    Turn wrong(const Memory& e, std::string_view why);

    std::vector<Memory> memory_;
    wire::cgminer::Parser parser_;
    JsonOverHttp http_;
};

}  // namespace ballast::asic
