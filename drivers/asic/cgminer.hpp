#pragma once
#include "drivers/asic/dialect.hpp"

namespace ballast::asic {

/// Plain cgminer, or anything that answers as one (TCP 4028): telemetry only. It tells hashing and no watts, and takes no order
/// that could be undone, so it is never asleep here: one that does not hash may be broken, without a pool, or starting, and
/// its fans and supply run on; only a contactor shows that it is off. It does not tell who it is either.
class Cgminer : public Dialect {
public:
    AsicProtocol protocol() const override { return AsicProtocol::cgminer; }
    void add(Machine& machine, const AsicMachine& said) override;
    Turn begin_poll(Machine& machine, Steady now) override;
    Turn begin_look(Machine& machine, Steady now) override;
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;

private:
    /// What it was last asked: in a poll, or for a look.
    enum class Step : std::uint8_t { summary, devices, look_devices, look_pools };
    struct Memory {
        Step step = Step::summary;
        Health health;
    };

    Turn ask(Machine& m, Step step);
    Turn looked_on(Machine& m, Memory& c, const wire::cgminer::Reply& reply);
    Turn concluded(Machine& m, std::optional<double> gigahashes);

    std::vector<Memory> memory_;
    wire::cgminer::Parser parser_;
    std::string request_;
};

}  // namespace ballast::asic
