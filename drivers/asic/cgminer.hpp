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
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;

private:
    Turn ask(Machine& m, bool devices);
    Turn concluded(Machine& m, std::optional<double> gigahashes);

    std::vector<char> asks_devices_;  ///< By `own`: which of its two questions is out.
    wire::cgminer::Parser parser_;
    std::string request_;
};

}  // namespace ballast::asic
