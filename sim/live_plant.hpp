#pragma once
#include "sim/plant.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace ballast::sim {

/// The clock that never jumps, as a live stand reads it.
inline Steady steady_now() {
    return Steady{std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

/// A privileged command as a machine heard it.
struct CommandHeard {
    Steady at{};
    std::size_t machine = 0;
    std::string command;      ///< "sleep", "wakeup", "level" (of power), "restart", "reboot", "config", "token", "logon", "logoff"; of one that was denied, what it called itself.
    bool accepted = false;    ///< What it answered, not what it did.
};

/// One plant in real time, shared by the threads of its devices, with a record of what was done to it.
class LivePlant {
public:
    static constexpr std::size_t most_recorded = 1'000'000;  ///< Of each kind; what comes later is not kept.

    explicit LivePlant(PlantSettings settings) : plant_{std::move(settings), steady_now()} {}

    /// `use(plant, now)` alone with the plant. Keep it short; never call back into this.
    template <class Use>
    auto with(Use use) {
        const std::scoped_lock lock{mutex_};
        return use(plant_, steady_now());
    }

    void record(CommandHeard heard) {
        const std::scoped_lock lock{mutex_};
        if (commands_.size() < most_recorded) commands_.push_back(std::move(heard));
    }
    std::vector<CommandHeard> commands() const {
        const std::scoped_lock lock{mutex_};
        return commands_;
    }
    std::vector<CoilOperation> operations() const {
        const std::scoped_lock lock{mutex_};
        return plant_.operations();
    }

private:
    mutable std::mutex mutex_;
    Plant plant_;
    std::vector<CommandHeard> commands_;
};

}  // namespace ballast::sim
