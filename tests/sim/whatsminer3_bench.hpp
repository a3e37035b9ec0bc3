#pragma once
#include "sim/asic_devices.hpp"
#include "tests/catch.hpp"
#include "tests/sim/peer.hpp"

#include <boost/json.hpp>

#include <memory>

namespace ballast::support {

/// The text after its length, 32 bits with the least first.
inline std::string frame(std::string_view text) {
    std::string out(4, '\0');
    for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<char>(text.size() >> 8 * i & 255);
    return out.append(text);
}

inline std::int64_t unix_now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// One WhatsMiner of 3600 W with API v3 that answers at once and sleeps and wakes within a tenth of a second.
struct Whatsminer3Bench {
    explicit Whatsminer3Bench(sim::Whatsminer3Settings given = {}, sim::MachineFault fault = sim::MachineFault::none) : port{free_port()}, plant{physics(fault)} {
        const sim::AsicDevices::Timing at_once{.reply = {Duration{0}, Duration{0}}, .slow_reply = Duration{300}, .idle = Duration{60'000}};
        given.host = host;
        given.port = port;
        devices = std::make_unique<sim::AsicDevices>(std::vector<sim::AsicSettings>{given}, plant, 1, at_once);
    }
    static sim::PlantSettings physics(sim::MachineFault fault) {
        sim::MachineSettings machine = sim::whatsminer_physics("w-1", Power{3'600});
        machine.off_after = machine.full_after = {Duration{100}, Duration{100}};
        machine.fault = fault;
        sim::PlantSettings out;
        out.machines = {machine};
        return out;
    }

    /// By the peer that shares no code with ours, all over one connection.
    boost::json::object talk(std::vector<std::string> requests, std::vector<std::string> more = {}, const std::string& password = "super") const {
        const ScratchFolder scratch{SCRATCH_DIR};
        std::vector<std::string> words{"/usr/bin/python3", "-IS", PROJECT_DIR "/tests/sim/whatsminer3_peer.py", host, std::to_string(port), password};
        words.insert(words.end(), requests.begin(), requests.end());
        words.insert(words.end(), more.begin(), more.end());
        const int status = run(words, scratch.path() / "out");
        const std::string said = file_text(scratch.path() / "out");
        CAPTURE(requests, said);
        REQUIRE(status == 0);
        return boost::json::parse(said).as_object();
    }
    std::int64_t talk_code(const std::string& request, std::vector<std::string> more, const std::string& password = "super") const {
        return talk({request}, std::move(more), password).at("replies").at(0).at("code").as_int64();
    }

    /// By hand, with the simulator's own token and this computer's clock. Null: no reply.
    boost::json::value ask(const std::string& request) const {
        boost::json::object whole = boost::json::parse(request).as_object();
        const std::string command{whole.at("cmd").as_string()};
        if (command.starts_with("set.")) {
            const std::int64_t now = unix_now();
            whole["ts"] = now;
            whole["account"] = "super";
            whole["token"] = sim::whatsminer3_token(command, "super", "BQ5hoXV9", now);
        }
        RawPeer peer{host, port};
        peer.send(frame(boost::json::serialize(whole)));
        std::size_t length = 0;
        while (length == 0) {
            const std::string header = peer.read(4);
            if (header.size() < 4) return nullptr;
            for (std::size_t i = 4; i-- > 0;) length = length << 8 | static_cast<unsigned char>(header[i]);
        }
        return boost::json::parse(peer.read(length));
    }
    std::int64_t code(const std::string& request) const { return ask(request).at("code").as_int64(); }
    boost::json::object summary() const { return ask(R"({"cmd":"get.miner.status","param":"summary"})").at("msg").at("summary").as_object(); }
    boost::json::object info() const { return ask(R"({"cmd":"get.device.info"})").at("msg").as_object(); }
    bool draws(Power power) {
        return await([&] { return plant.with([](sim::Plant& p, Steady now) { return p.machine_power(0, now); }) == power; });
    }

    std::string host = "127.23.0.1";
    std::uint16_t port;
    sim::LivePlant plant;
    std::unique_ptr<sim::AsicDevices> devices;
};

}  // namespace ballast::support
