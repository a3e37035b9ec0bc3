#pragma once
#include "model/units.hpp"
#include "sim/chance.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ballast::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What is wrong with a machine, for as long as it is.
enum class MachineFault : std::uint8_t {
    none,
    hung,         ///< Accepts connections and never answers.
    no_effect,    ///< Says OK to sleep and keeps hashing; its telemetry admits it.
    lies,         ///< Says OK, reports sleep, and keeps hashing: only a meter knows.
    self_wakes,   ///< Sleeps, and a while later hashes again, unasked.
    refused,      ///< Denies every privileged command.
    garbage,      ///< Answers bytes that are no JSON.
    slow_reply,   ///< Answers after 21 s, as stock firmware was seen to.
    never_wakes,  ///< Says OK to wake and stays asleep.
    resets,       ///< Resets the connection in place of a reply; what was asked is done.
    empty_stats,  ///< Its summaries and statistics are there and have nothing in them, awake or asleep.
    few_boards,   ///< Comes back from sleep or a restart with two of its three boards, and says so.
    loses_pools,  ///< Comes back from sleep without pools: draws its power and hashes nothing.
    overheats,    ///< Comes back from sleep too hot: its telemetry says 112 degrees.
    moved,        ///< At its address another machine answers: another MAC and serial.
    bad_tokens,   ///< Says of every token (LuxOS: session) that it is wrong.
    no_tokens,    ///< Hands out no token, for all are taken (LuxOS: another session is active).
};

enum class ContactorFault : std::uint8_t {
    none,
    welded,  ///< Takes the command and never opens.
};

enum class MeterFault : std::uint8_t {
    none,
    silent,      ///< Answers nothing.
    exceptions,  ///< Answers "server device failure" (4).
    frozen,      ///< Answers what it measured when it froze.
};

/// One miner. The defaults are a LuxOS machine's: off within seconds, back like a reboot.
struct MachineSettings {
    std::string name{};
    Power rated{};                            ///< W at the wall, running.
    Power standby{25};                        ///< W, asleep.
    std::optional<std::size_t> feeder{}, contactor{};
    Between off_after{seconds{1}, seconds{5}};       ///< From the command to standby.
    Between full_after{seconds{180}, seconds{360}};  ///< From the command to full power.
    Between boot{seconds{30}, seconds{60}};          ///< From power's return until it answers.
    bool sleep_persists = true;                      ///< False: what it was told is forgotten at a boot, and it mines.
    MachineFault fault = MachineFault::none;
};

/// Feeds the machines that name it, and a block of its own if `block` is not 0.
struct ContactorSettings {
    std::string name{};
    Power block{};
    std::optional<std::size_t> feeder{};
    Duration travel{100};                     ///< From the coil to the feedback contact.
    ContactorFault fault = ContactorFault::none;
};

/// A hall of GPUs draws what its profile says: straight lines between points, the last one holds.
struct HallSettings {
    struct Point {
        Duration after{0};                    ///< The plant's start.
        Power power{};
    };
    std::string name{};
    std::optional<std::size_t> feeder{};
    std::vector<Point> profile{};             ///< By time. Empty: draws nothing.
};

enum class Measures : std::uint8_t { site, feeder, hall, contactor };

struct MeterSettings {
    std::string name{};
    Measures what = Measures::site;
    std::size_t which = 0;                    ///< Of the feeders, halls or contactors.
};

/// Shows the grid's frequency. Nothing at the site moves it.
struct FrequencySettings {
    std::string name{};
    Frequency nominal{60'000};
};

/// A site that isn't there: indices are positions in these vectors.
struct PlantSettings {
    std::vector<MachineSettings> machines;
    std::vector<ContactorSettings> contactors;
    std::vector<HallSettings> halls;
    std::vector<std::string> feeders;
    std::vector<std::optional<std::size_t>> under;  ///< By feeder: the one that it is fed through. Empty: none is.
    std::vector<unsigned> feeder_cooling_per_mille; ///< By feeder: what its meter sees beside each kW of its loads. Empty: nothing.
    std::vector<MeterSettings> meters;
    std::vector<FrequencySettings> frequencies;
    Power house_load;                         ///< Always there; the site's meter alone sees it.
    unsigned cooling_per_mille = 0;           ///< Of what machines, blocks and halls draw; likewise.
    std::uint64_t seed = 1;
};

/// Grows in a straight line and stays.
std::vector<HallSettings::Point> growing(Power from, Power to, Duration over);

/// The same profile, but nothing is drawn from `at` for `lasts`: the hall rides on its batteries.
std::vector<HallSettings::Point> with_transfer(std::vector<HallSettings::Point> profile, Duration at, Duration lasts);

/// Plateaus of minutes between a third of the nameplate and all of it, for `length`.
std::vector<HallSettings::Point> wandering(std::uint64_t seed, Power nameplate, Duration length);

}  // namespace ballast::sim
