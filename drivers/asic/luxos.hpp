#pragma once
#include "drivers/asic/dialect.hpp"
#include "drivers/asic/luxos_machine.hpp"

namespace ballast::asic {

/// LuxOS (TCP 4028; docs.luxor.tech/firmware/api): `curtail` under a session, of which a device has one. A cap is the highest
/// profile that draws no more; one that changes profiles by itself (ATM) is told to leave that first. What was active before the cap is kept here and given
/// back. Who forgets it, as a restart of Ballast does, invents none.
class Luxos : public Dialect {
public:
    AsicProtocol protocol() const override { return AsicProtocol::luxos; }
    void add(Machine& machine, const AsicMachine& said) override;
    Turn begin_poll(Machine& machine, Steady now) override;
    Turn begin_look(Machine& machine, Steady now) override;
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;
    bool untidy(const Machine& machine) const override;
    Turn begin_tidying(Machine& machine) override;

private:
    Turn ask(LuxosMemory& l, LuxosStep step, std::string_view command, std::string_view parameter = {});
    Turn go_on_looking(LuxosMemory& l, const wire::cgminer::Reply& reply);
    Turn go_on_polling(Machine& m, LuxosMemory& l);
    Turn go_on_ordering(Machine& m, LuxosMemory& l);
    Turn logged_on(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply);
    Turn session_told(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply);
    Turn renewed(Machine& m, LuxosMemory& l);
    Turn order_taken(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply);
    Turn order(LuxosMemory& l, LuxosStep step, bool commits, std::string_view command, std::string_view words);

    // luxos_levels.cpp
    Turn set_level(Machine& m, LuxosMemory& l);
    Turn let_back(Machine& m, LuxosMemory& l);
    Turn profiles_told(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply);
    Turn level_taken(Machine& m, LuxosMemory& l);
    static void remember(const Machine& m, LuxosMemory& l, std::span<const wire::cgminer::Profile> all);
    std::optional<Turn> configured(Machine& m, LuxosMemory& l, const wire::cgminer::Reply& reply);

    std::vector<LuxosMemory> memory_;
    wire::cgminer::Parser parser_;
    std::string request_, parameter_;
};

}  // namespace ballast::asic
