#pragma once
#include "sim/asic_devices.hpp"
#include "tests/catch.hpp"
#include "tests/sim/peer.hpp"

#include <boost/json.hpp>

#include <memory>

namespace ballast::support {

/// What a web device said to a peer nobody here wrote.
struct WebReply {
    std::int64_t status = 0;
    std::string type, body;
    std::int64_t connection = 0;             ///< The peer's first, second, ..

    boost::json::object object() const {
        CAPTURE(status, body);
        REQUIRE(status == 200);
        return boost::json::parse(body).as_object();
    }
};

/// One miner at an address of its own that answers at once, rests and wakes within a tenth of a second and boots in a third.
struct OneDevice {
    template <class Settings>
    OneDevice(std::string at, Settings given, sim::MachineSettings machine, sim::MachineFault fault) : host{std::move(at)}, port{free_port()}, plant{alone(std::move(machine), fault)} {
        using std::chrono::milliseconds;
        given.host = host;
        given.port = port;
        const sim::AsicDevices::Timing at_once{.reply = {Duration{0}, Duration{0}}, .slow_reply = milliseconds{300}, .idle = std::chrono::seconds{60}};
        devices = std::make_unique<sim::AsicDevices>(std::vector<sim::AsicSettings>{given}, plant, 1, at_once);
    }
    static sim::PlantSettings alone(sim::MachineSettings machine, sim::MachineFault fault) {
        using std::chrono::milliseconds;
        machine.off_after = machine.full_after = {milliseconds{100}, milliseconds{100}};
        machine.boot = {milliseconds{300}, milliseconds{300}};
        machine.fault = fault;
        sim::PlantSettings out;
        out.machines = {machine};
        return out;
    }

    /// By web_peer.py, which says what a request is.
    std::vector<WebReply> web(const boost::json::array& requests) const {
        const boost::json::value replies = peer("web_peer.py", boost::json::serialize(requests));
        std::vector<WebReply> out;
        for (const boost::json::value& reply : replies.as_array())
            out.push_back({reply.at("status").as_int64(), std::string{reply.at("type").as_string()}, std::string{reply.at("body").as_string()}, reply.at("connection").as_int64()});
        return out;
    }
    WebReply web_one(boost::json::array request) const {
        boost::json::array only;
        only.push_back(std::move(request));
        return web(only).at(0);
    }
    WebReply web(const std::string& method, const std::string& path, const boost::json::value& body = nullptr) const { return web_one({method, path, body}); }

    /// What a script of this folder prints.
    boost::json::value peer(const std::string& script, const std::string& request) const {
        const ScratchFolder scratch{SCRATCH_DIR};
        const int status = run({"/usr/bin/python3", PROJECT_DIR "/tests/sim/" + script, host, std::to_string(port), request}, scratch.path() / "out");
        const std::string printed = file_text(scratch.path() / "out");
        CAPTURE(request, printed);
        REQUIRE(status == 0);
        return boost::json::parse(printed);
    }

    bool draws(Power power) {
        return await([&] { return plant.with([](sim::Plant& p, Steady now) { return p.machine_power(0, now); }) == power; });
    }
    /// The privileged commands that it accepted.
    std::vector<std::string> obeyed() const {
        std::vector<std::string> out;
        for (const sim::CommandHeard& command : plant.commands())
            if (command.accepted) out.push_back(command.command);
        return out;
    }

    std::string host;
    std::uint16_t port;
    sim::LivePlant plant;
    std::unique_ptr<sim::AsicDevices> devices;
};

}  // namespace ballast::support
