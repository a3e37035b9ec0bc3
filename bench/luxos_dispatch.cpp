// From submit() to the last receipt: an order for N LuxOS miners, against a running fleet of them on loopback.
//   luxos_dispatch MINERS PORT [CONNECTIONS=2048] [IDLE_SECONDS=0]
// Miner i is called on 127.20.(i/250).(i%250 + 1):PORT; from the fifty-thousandth on that begins anew at PORT + 2, as the yardstick's fleet has no more. Prints one JSON line. With IDLE_SECONDS the fleet is first polled every
// 30 s for that long, and the line also says what share of a core that took.
#include "controller/clock.hpp"
#include "drivers/asic/asics.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace {

using namespace ballast;
using Clock = std::chrono::steady_clock;

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

double processor_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/// Bytes that this program ever held at once; the system's own count begins with those of who started it.
std::int64_t most_resident() {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::atoll(line.c_str() + 6) * 1'024;
    return 0;
}

constexpr Slot miners_a_fleet = 50'000;

AsicSettings settings_for(Slot miners, std::uint16_t port, std::size_t connections) {
    AsicSettings settings;
    settings.connections = connections;
    for (Slot i = 0; i < miners; ++i) {
        AsicMachine machine;
        machine.slot = i;
        machine.host = fmt::format("127.20.{}.{}", i % miners_a_fleet / 250, i % 250 + 1);
        machine.port = static_cast<std::uint16_t>(port + i / miners_a_fleet * 2);
        machine.rated = Power{3'500};
        settings.machines.push_back(std::move(machine));
    }
    return settings;
}

/// What arrived, by fate, and when it was heard.
struct Heard {
    std::size_t accepted = 0, failed = 0, readings = 0, answered = 0;
    Clock::duration first{}, last{}, sum{};

    void take(const std::vector<Event>& events, Clock::duration at) {
        for (const Event& event : events) {
            if (const auto* quiet = std::get_if<Answered>(&event)) answered += quiet->loads.size();
            readings += std::holds_alternative<LoadReading>(event);
            const auto* receipt = std::get_if<Receipt>(&event);
            if (!receipt) continue;
            if (receipt->fate != Fate::accepted) {
                ++failed;
                continue;
            }
            if (accepted++ == 0) first = at;
            last = at;
            sum += at;
        }
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        fmt::print(stderr, "usage: luxos_dispatch MINERS PORT [CONNECTIONS] [IDLE_SECONDS]\n");
        return 2;
    }
    const auto miners = static_cast<Slot>(std::atoi(argv[1]));
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
    const auto connections = static_cast<std::size_t>(argc > 3 ? std::atoi(argv[3]) : 2'048);
    const int idle_s = argc > 4 ? std::atoi(argv[4]) : 0;
    spdlog::set_level(spdlog::level::err);

    const std::int64_t resident = most_resident();
    asio::io_context context{1};
    bool something = false;
    Mailbox mailbox{miners, 0, [&] { something = true; }};
    const auto driver = make_asics(context.get_executor(), settings_for(miners, port, connections));
    asio::co_spawn(context, driver->run(mailbox), [](std::exception_ptr broken) {
        if (broken) std::rethrow_exception(broken);
    });
    std::vector<Event> events;
    Heard idle;
    const double before = processor_seconds();
    for (const auto end = Clock::now() + std::chrono::seconds{idle_s}; Clock::now() < end;) {
        context.run_one_until(end);
        if (!std::exchange(something, false)) continue;
        mailbox.drain(events);
        idle.take(events, {});
    }
    const double idle_share = idle_s > 0 ? (processor_seconds() - before) / idle_s : 0;
    if (idle_s == 0) context.poll();

    Heard heard;
    const auto begin = Clock::now();
    const double busy_before = processor_seconds();
    Order order;
    order.id = OrderId{1};
    order.loads = {0, miners};
    order.rung = Rung::sleep;
    driver->submit(order);
    while (heard.accepted + heard.failed < miners && Clock::now() - begin < std::chrono::seconds{60}) {
        context.run_one();
        if (!std::exchange(something, false)) continue;
        mailbox.drain(events);
        heard.take(events, Clock::now() - begin);
    }
    fmt::print("{{\"acknowledged\":{},\"failed\":{},\"first_s\":{:.4f},\"mean_s\":{:.4f},\"last_s\":{:.4f},\"cpu_s\":{:.3f},\"memory_bytes\":{},\"idle_core\":{:.4f},\"idle_readings\":{},\"idle_answers\":{}}}\n",
               heard.accepted, heard.failed, seconds(heard.first), heard.accepted ? seconds(heard.sum) / static_cast<double>(heard.accepted) : 0,
               seconds(heard.last), processor_seconds() - busy_before, most_resident() - resident, idle_share, idle.readings, idle.answered);
    return heard.accepted > 0 ? 0 : 1;
}
