#pragma once
#include "drivers/asic/asics.hpp"
#include "drivers/asic/capabilities.hpp"
#include "drivers/asic/machine.hpp"
#include "wire/count.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ballast::asic {

/// What a conversation comes to next. Texts live until the dialect is called again.
struct Turn {
    enum class Kind : std::uint8_t {
        ask,       ///< `request` goes out; its answer comes back to the dialect.
        commit,    ///< So does this one, and it is the order itself.
        report,    ///< The poll is over.
        accepted,  ///< The device took the order.
        refused,   ///< It did not, or none can be sent: `why`.
        garbage,   ///< What came is no answer: `why`.
        foreign,   ///< Somebody else answers at the address: `why`.
        over,      ///< Nothing more to tidy up.
    };
    Kind kind = Kind::over;
    Request request = {};
    std::string_view why = {};
    Report report = {};
};

/// One firmware's protocol: what is asked of a machine, one exchange after another, and what the answers mean. No I/O and no
/// clock: when anything is asked is the fleet's, which says when that is. What it remembers of a machine it keeps under `Machine::own`.
class Dialect {
public:
    virtual ~Dialect() = default;

    virtual AsicProtocol protocol() const = 0;
    std::string_view name() const { return capabilities_of(protocol()).name; }
    std::string_view cannot(Rung rung) const { return asic::cannot(protocol(), rung); }  ///< Why it has no such order; empty: it has.

    virtual void add(Machine& machine, const AsicMachine& said) = 0;  ///< Gives it its `own`.
    virtual Turn begin_poll(Machine& machine, Steady now) = 0;
    /// Asks a machine that is up how it is, right after a poll; its `report` has health and nothing else. `over`: its polls tell, or nothing does.
    virtual Turn begin_look(Machine&, Steady) { return {}; }
    virtual Turn begin_order(Machine& machine, Steady now) = 0;  ///< What is ordered is `machine.wanted`, until it is committed.
    virtual Turn answered(Machine& machine, std::string_view bytes, Steady now) = 0;

    /// Nobody listens where it was asked: what is asked elsewhere instead, if anything is. Never the order itself, which may have gone.
    virtual std::optional<Turn> unreachable(Machine&) { return std::nullopt; }

    /// Something is left open at the device that should be closed once no order needs it.
    virtual bool untidy(const Machine&) const { return false; }
    virtual Turn begin_tidying(Machine&) { return {}; }

protected:
    Turn refused(std::string_view why);
    Turn garbage(std::string_view why);
    /// It took the order that was sent, and draws `most` now at most: refused if that is more than the cap, which it has come as near as it can.
    Turn taken(const Machine& machine, Power most);
    static void take_boards(Health& health, const std::optional<wire::Count>& boards) {
        if (boards) health.boards = static_cast<unsigned>(boards->alive), health.built_in = static_cast<unsigned>(boards->listed);
    }
    static void take_pools(Health& health, const std::optional<wire::Count>& pools) {
        if (pools) health.pools = pools->alive > 0;
    }
    static Turn looked(const Health& health) { return {.kind = Turn::Kind::report, .report = {.health = health}}; }
    /// Nothing if who said that MAC, or said none, is who the inventory names.
    std::optional<Turn> stranger(Machine& machine, std::optional<std::uint64_t> said);

    std::string why_;  ///< Where the texts of turns live.
};

}  // namespace ballast::asic
