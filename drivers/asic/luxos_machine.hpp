#pragma once
#include "drivers/asic/machine.hpp"
#include "wire/cgminer.hpp"

namespace ballast::asic {

/// What LuxOS was last asked.
enum class LuxosStep : std::uint8_t { power, config, summary, identify, logon, session, profiles, curtail, tune_off, profile, tune_on, logoff, devs, pools, tempctrl };

/// What is remembered of a machine because it speaks LuxOS.
struct LuxosMemory {
    LuxosStep step = LuxosStep::power;

    // Of an order.
    std::uint8_t exchanges = 0;
    bool renewed = false;                ///< It has had its one fresh logon.
    wire::cgminer::SessionId session;
    bool ours = false;                   ///< We opened it, so we close it.

    // Of its profile.
    std::string profile;                 ///< The active one, as `config` last said; empty: not known.
    std::optional<bool> tunes_itself;    ///< Likewise.
    bool config_known = false;           ///< This order has asked.
    std::string before;                  ///< The active one before it was capped; empty: none, or nobody knows.
    bool tuned_itself = false;           ///< It did so before, and is to do so again.
    std::string chosen;                  ///< Empty: not yet.
    Machine::Command chosen_for;         ///< By this order; a newer one chooses anew.
    Power chosen_power;                  ///< What that draws, as it says.

    // Of a poll.
    std::uint8_t polls_to_config = 0;
    std::optional<bool> asleep, supply_on;  ///< As `config` last said.
    std::optional<wire::cgminer::PowerReport> power;
    std::optional<double> gigahashes, mean_gigahashes;
    bool config_asked = false, summary_asked = false;

    Health health;                       ///< Of a look.

    bool says_asleep() const { return asleep.value_or(false) || !supply_on.value_or(true); }
};

/// Draws what only a running machine draws: over 30 % of rated, and the firmware measured it.
bool draws(const Machine& machine, const LuxosMemory& memory);

/// `config` is due, or the power, or the hashing of one that only estimates it, does not fit what it last said.
bool wants_config(const Machine& machine, const LuxosMemory& memory);

/// Only hashing tells, because the power is estimated, unknown, or low though nothing says sleep; or it is time to learn what it draws for that.
bool wants_summary(const Machine& machine, const LuxosMemory& memory);

/// What this poll's answers amount to. Measured watts outweigh what the firmware says of itself.
Report judge(const Machine& machine, const LuxosMemory& memory);

}  // namespace ballast::asic
