#pragma once
#include "controller/ports.hpp"
#include "drivers/asic/machine_notes.hpp"
#include "drivers/asic/neighbours.hpp"
#include "drivers/asic/protocol.hpp"
#include "model/units.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ballast {

/// One miner as the site file knows it.
struct AsicMachine {
    AsicProtocol protocol = AsicProtocol::luxos;
    Slot slot = 0;
    std::string name, group;         ///< For the log.
    std::string host;                ///< A literal address, or a name that is resolved in the background and kept.
    std::uint16_t port = 4028;
    std::string user, password;      ///< Of those that ask for one.
    std::string mac;                 ///< Empty: whoever answers is the machine. Else nobody else is ever ordered.
    Power rated;                     ///< Draws about this when running.
    Power standby{25};               ///< Reported, as an estimate, of a machine that sleeps and cannot measure.
    Power deadband{50};              ///< Watts that moved no more than this since the last reading are no news.
    Duration poll{30'000};           ///< Telemetry, each.
    bool slowed = false;             ///< It may be capped: a cap that outlived us or its sleep is ours.
    Power low_power{};               ///< Of a make that only knows a low power mode, what it draws in it; 0: not known, and no cap is met.
    bool shared = false;             ///< Another driver speaks of it too: after a silence it says anew what it does.
};

/// When a machine that is up is asked how it is.
struct LookTimes {
    Duration every{300'000};          ///< And whatever its polls tell anyway, with each of them.
    Duration again{20'000};           ///< What ails it is believed when a second look shows it.
    Duration settled{20'000};         ///< After it was seen to hash again.
    Duration started{180'000};        ///< After it rose and does not hash yet.
    Duration apart{3};                ///< Of two machines' first looks.
};

/// All miners of a site, of every make: one driver, so that one budget of connections holds.
struct AsicSettings {
    std::vector<AsicMachine> machines;
    std::size_t connections = 2'048;      ///< At once, of machines that answer in time.
    std::size_t slow_connections = 8'192; ///< Besides, of machines that have not answered within `slow_after`.
    Duration slow_after{250};
    Duration hash_every{3'600'000};       ///< What a running machine that measures its power hashes is asked about so often.
    Duration deadline{5'000};             ///< Of one exchange, from connect to the last byte.
    Duration session_rest{60'000};        ///< A session we opened is closed when unused this long, so that people can log on.
    unsigned logoffs_per_second = 50;
    NeighbourReader neighbours = read_neighbours;  ///< Where a machine whose MAC is known is looked for when it is not where it was. Null: nowhere.
    Duration neighbours_every{10'000};    ///< That table is read so often at most, and only when one is missing.
    LookTimes looks;
    std::shared_ptr<asic::MachineNotes> notes;  ///< What is noted of them goes there; null: nowhere.
};

/// Telemetry becomes readings by exception. Receipts come one a machine: accepted when the device took the command, refused
/// with the reason in the log (of a cap also where the machine goes as low as it can, and that is not low enough), unreachable, or timed_out (also when the answer was garbage). Orders go machine by machine to the
/// end, ahead of telemetry, lowering ones first; a newer order to a machine replaces one whose command was not sent, which then
/// gets no receipt. Retrying is the engine's. Everything runs on `executor`, which must be single-threaded and outlive the driver.
/// A bad MAC or a slot given twice throws std::invalid_argument. Raises the process's descriptor limit as far as allowed.
std::unique_ptr<Driver> make_asics(asio::any_io_executor executor, AsicSettings settings);

}  // namespace ballast
