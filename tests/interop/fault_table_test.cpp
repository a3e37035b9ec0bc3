// Every fault of shared/facts/asic.md 1.8, of every make that can have it, on one floor at once: what becomes of an order to sleep, what is told of
// the machine afterwards, and what becomes of the wake. The table is docs/faults.md.
#include "drivers/asic/asics.hpp"
#include "drivers/asic/health.hpp"
#include "model/names.hpp"
#include "sim/asic_devices.hpp"
#include "tests/catch.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run_drivers.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

using namespace ballast;
using namespace ballast::literals;
using namespace std::chrono_literals;
using sim::MachineFault;

namespace {

constexpr Power rated = 3'000_W;
constexpr Duration polled{2'000};
constexpr int neighbours = 4;       ///< Of each make, with no fault.

struct Make {
    const char* name;
    AsicProtocol protocol;
    const char* password;
    bool tokens, logs_in, sleeps;   ///< It has something that can run out; something that can be wrong; an order at all.
};

constexpr Make makes[] = {
    {"antminer", AsicProtocol::antminer, "root", false, true, true},     {"whatsminer2", AsicProtocol::whatsminer2, "admin", true, true, true},
    {"whatsminer3", AsicProtocol::whatsminer3, "super", true, true, true}, {"braiins", AsicProtocol::braiins, "root", true, true, true},
    {"luxos", AsicProtocol::luxos, "", true, true, true},                {"vnish", AsicProtocol::vnish, "admin", true, true, true},
    {"epic", AsicProtocol::epic, "letmein", false, true, true},          {"axeos", AsicProtocol::axeos, "", false, false, true},
    {"cgminer", AsicProtocol::cgminer, "", false, false, false},
};

struct Fault {
    MachineFault fault;
    const char* named;
    bool (*can)(const Make&) = [](const Make&) { return true; };
};

const Fault faults[] = {
    {MachineFault::none, "none"},
    {MachineFault::hung, "accepts, then hangs"},
    {MachineFault::no_effect, "OK without effect", [](const Make& m) { return m.sleeps; }},
    {MachineFault::resets, "connection reset (RST)"},
    {MachineFault::slow_reply, "replies after 21 s"},
    {MachineFault::bad_tokens, "135, 401: token or login wrong", [](const Make& m) { return m.logs_in; }},
    {MachineFault::no_tokens, "136, 402, 429: no token to be had", [](const Make& m) { return m.tokens; }},
    {MachineFault::refused, "45, 403: orders denied", [](const Make& m) { return m.sleeps; }},
    {MachineFault::empty_stats, "empty STATS"},
    {MachineFault::garbage, "malformed replies"},
    {MachineFault::moved, "another MAC at its address", [](const Make& m) { return m.protocol != AsicProtocol::cgminer; }},
    {MachineFault::few_boards, "back with 2 of 3 boards", [](const Make& m) { return m.sleeps; }},
    {MachineFault::self_wakes, "wakes by itself", [](const Make& m) { return m.sleeps; }},
    {MachineFault::overheats, "overheats on resume", [](const Make& m) { return m.sleeps; }},
    {MachineFault::loses_pools, "loses its pools", [](const Make& m) { return m.sleeps; }},
    {MachineFault::never_wakes, "OK to wake and stays asleep", [](const Make& m) { return m.sleeps; }},
};

struct Machine {
    const Make* make;
    MachineFault fault;
    OrderId order{};            ///< The last.
    // What became of it.
    std::string slept = "-", told, woken = "-", told_awake, ails;
    Steady answered{};          ///< Its receipt of the sleep.
    Steady wrong_since = never; ///< Said to be asleep, and drawing as only a running machine does.
    Duration wrong{0};          ///< The longest time of that.

    void said_wrongly(Steady now) {
        wrong_since = std::min(wrong_since, now);
        wrong = std::max(wrong, now - wrong_since);
    }
};

template <class Settings>
sim::AsicSettings placed(Settings settings, const std::string& host, std::uint16_t port, std::size_t number) {
    settings.host = host, settings.port = port, settings.machine = number;
    if constexpr (requires { settings.mac; }) settings.mac = fmt::format("d4:01:02:03:{:02x}:{:02x}", number / 256, number % 256);
    if constexpr (requires { settings.write_reply; }) settings.write_reply = {200ms, 200ms}, settings.restart = {500ms, 500ms};
    return settings;
}

sim::AsicSettings device_of(AsicProtocol protocol, const std::string& host, std::uint16_t port, std::size_t number) {
    switch (protocol) {
    case AsicProtocol::luxos: return placed(sim::LuxosSettings{}, host, port, number);
    case AsicProtocol::whatsminer2: return placed(sim::Whatsminer2Settings{}, host, port, number);
    case AsicProtocol::whatsminer3: return placed(sim::Whatsminer3Settings{}, host, port, number);
    case AsicProtocol::antminer: return placed(sim::AntminerSettings{}, host, port, number);
    case AsicProtocol::braiins: return placed(sim::BraiinsSettings{}, host, port, number);
    case AsicProtocol::axeos: return placed(sim::AxeosSettings{}, host, port, number);
    case AsicProtocol::epic: return placed(sim::EpicSettings{}, host, port, number);
    case AsicProtocol::vnish: return placed(sim::VnishSettings{}, host, port, number);
    case AsicProtocol::cgminer: break;
    }
    return placed(sim::CgminerSettings{}, host, port, number);
}

class FaultyFloor {
public:
    FaultyFloor() : port_{support::free_port()} {
        spdlog::set_level(spdlog::level::off);
        for (const Make& make : makes)
            for (const Fault& fault : faults)
                if (fault.can(make)) machines_.insert(machines_.end(), fault.fault == MachineFault::none ? neighbours : 1, {.make = &make, .fault = fault.fault});
        sim::PlantSettings site;
        std::vector<sim::AsicSettings> devices;
        AsicSettings settings;
        for (std::size_t i = 0; i < machines_.size(); ++i) {
            const Make& make = *machines_[i].make;
            const std::string host = fmt::format("127.26.{}.{}", i / 200, i % 200 + 1), mac = make.protocol == AsicProtocol::cgminer ? "" : fmt::format("d4:01:02:03:{:02x}:{:02x}", i / 256, i % 256);
            devices.push_back(device_of(make.protocol, host, port_, i));
            site.machines.push_back({.name = host, .rated = rated, .off_after = {300ms, 300ms}, .full_after = {2s, 2s}, .boot = {500ms, 500ms}, .fault = machines_[i].fault});
            settings.machines.push_back({.protocol = make.protocol, .slot = static_cast<Slot>(i), .host = host, .port = port_, .password = make.password, .mac = mac, .rated = rated, .poll = polled});
        }
        plant_ = std::make_unique<sim::LivePlant>(std::move(site));
        devices_ = std::make_unique<sim::AsicDevices>(devices, *plant_, 1, sim::AsicDevices::Timing{.reply = {20ms, 60ms}, .slow_reply = 21s, .idle = 60s});
        bench_ = std::make_unique<support::DriverBench>(machines_.size());
        settings.notes = notes_ = std::make_shared<asic::MachineNotes>(machines_.size());
        settings.looks = {.every = 5s, .again = 2s, .settled = 4s, .started = 10s};
        driver_ = make_asics(bench_->io().get_executor(), std::move(settings));
        bench_->run(*driver_);
    }
    ~FaultyFloor() { bench_->stop(); }

    /// All that is heard in that time is taken in.
    void pass(std::chrono::milliseconds time) {
        for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
            bench_->pass(50ms);
            for (const LoadReading& reading : bench_->all<LoadReading>()) said_[reading.loads.first] = reading;
            for (const Answered& answered : bench_->all<Answered>()) heard(answered.loads);
            for (const LoadReading& reading : bench_->all<LoadReading>()) heard(reading.loads);
            for (const Receipt& receipt : bench_->all<Receipt>()) take(receipt);
            bench_->forget();
            look();
        }
    }

    void order(Rung rung) {
        rung_ = rung;
        ordered_ = sim::steady_now();
        submit({0, static_cast<Slot>(machines_.size())});
    }

    /// As the engine does, to those that have not obeyed.
    void repeat() {
        for (Slot slot = 0; slot < machines_.size(); ++slot)
            if (told(slot) != name_of(rung_ == Rung::sleep ? Mode::asleep : Mode::running)) submit({slot, slot + 1});
    }

    /// What is told of a machine now.
    std::string told(std::size_t number) const {
        const auto heard = heard_.find(static_cast<Slot>(number));
        if (heard == heard_.end() || heard->second < sim::steady_now() - 8s) return "silent";
        const auto said = said_.find(static_cast<Slot>(number));
        return said == said_.end() ? "nothing" : std::string{name_of(said->second.mode)};
    }

    /// What ails a machine, as it is told by name.
    std::string ails(std::size_t number) const {
        const auto view = notes_->read();
        const auto* note = view.note(static_cast<Slot>(number));
        return note ? asic::ails_text(note->ails, note->health, note->boards_had) : std::string{};
    }

    std::vector<Machine>& machines() { return machines_; }
    Steady ordered() const { return ordered_; }

private:
    void submit(Range loads) {
        Order order;
        order.id = OrderId{++last_};
        order.loads = loads;
        order.rung = rung_;
        for (Slot slot = loads.first; slot < loads.last; ++slot) machines_[slot].order = order.id;
        driver_->submit(order);
    }

    void heard(Range loads) {
        for (Slot slot = loads.first; slot < loads.last; ++slot) heard_[slot] = sim::steady_now();
    }

    void take(const Receipt& receipt) {
        Machine& machine = machines_[receipt.loads.first];
        if (receipt.order != machine.order) return;
        (rung_ == Rung::sleep ? machine.slept : machine.woken) = name_of(receipt.fate);
        if (rung_ == Rung::sleep && machine.answered == Steady{}) machine.answered = receipt.at;
    }

    void look() {
        plant_->with([&](sim::Plant& plant, Steady now) {
            for (const auto& [slot, reading] : said_)
                if (reading.mode == Mode::asleep && plant.machine_power(slot, now).count * 10 > rated.count * 3) machines_[slot].said_wrongly(now);
                else machines_[slot].wrong_since = never;
            return 0;
        });
    }

    std::uint16_t port_;
    std::vector<Machine> machines_;
    std::unique_ptr<sim::LivePlant> plant_;
    std::unique_ptr<sim::AsicDevices> devices_;
    std::unique_ptr<support::DriverBench> bench_;
    std::shared_ptr<asic::MachineNotes> notes_;
    std::unique_ptr<Driver> driver_;
    std::map<Slot, LoadReading> said_;
    std::map<Slot, Steady> heard_;
    Rung rung_ = Rung::sleep;
    Steady ordered_{};
    std::uint64_t last_ = 0;
};

/// What is garbage is so by chance, and so is when one wakes by itself: only what matters of it is the same each time.
std::string cell(const Machine& machine) {
    if (machine.fault == MachineFault::garbage) return fmt::format("{}accepted, {}asleep", machine.slept == "accepted" ? "" : "not ", machine.told == "asleep" ? "" : "not ");
    if (machine.fault == MachineFault::self_wakes) return fmt::format("{}, seen {}", machine.slept, machine.wrong < polled + 1s ? "by the next poll" : "too late");
    std::string text = fmt::format("{}, {}", machine.slept, machine.told);
    if (machine.make->sleeps) text += fmt::format("; {}, {}", machine.woken, machine.told_awake);
    if (!machine.ails.empty()) text += fmt::format(" ({})", machine.ails);
    return text;
}

std::string table(std::vector<Machine>& machines) {
    std::string text = "| fault |";
    for (const Make& make : makes) text += fmt::format(" {} |", make.name);
    text += "\n|---|";
    for (std::size_t i = 0; i < std::size(makes); ++i) text += "---|";
    text += "\n";
    for (const Fault& fault : faults) {
        text += fmt::format("| {} |", fault.named);
        for (const Make& make : makes) {
            const auto found = std::ranges::find_if(machines, [&](const Machine& m) { return m.make == &make && m.fault == fault.fault; });
            text += found == machines.end() ? " |" : fmt::format(" {} |", cell(*found));
        }
        text += "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("faults of every make: what becomes of an order and what is told") {
    FaultyFloor hall;
    hall.pass(25s);  // The slow ones, too, have been heard or given up.
    hall.order(Rung::sleep);
    hall.pass(15s);
    hall.repeat();
    hall.pass(35s);
    auto& machines = hall.machines();
    for (std::size_t i = 0; i < machines.size(); ++i) machines[i].told = hall.told(i);
    hall.order(Rung::wake);
    hall.pass(15s);
    hall.repeat();
    hall.pass(35s);
    for (std::size_t i = 0; i < machines.size(); ++i) machines[i].told_awake = hall.told(i), machines[i].ails = hall.ails(i);

    for (const Machine& machine : machines) {
        INFO(machine.make->name << ", fault " << static_cast<int>(machine.fault) << ": " << cell(machine));
        CHECK(machine.wrong < polled + 1s);  // One that wakes by itself is seen by the next poll.
        if (machine.fault != MachineFault::none || !machine.make->sleeps) continue;
        CHECK(machine.slept == "accepted");
        CHECK(machine.told == "asleep");
        CHECK(machine.told_awake == "running");
        CHECK(machine.answered - hall.ordered() < 3s);  // Whatever is wrong with the others: who hangs is given up after five.
    }

    const std::string made = table(machines);
    std::ifstream file{PROJECT_DIR "/docs/faults.md"};
    const std::string written{std::istreambuf_iterator<char>{file}, {}};
    const auto at = written.find("| fault |");
    if (std::getenv("BALLAST_WRITE_DOCS")) {
        file.close();
        std::ofstream{PROJECT_DIR "/docs/faults.md"} << written.substr(0, at) << made;
    } else {
        CHECK(written.substr(std::min(at, written.size())) == made);
    }
}
