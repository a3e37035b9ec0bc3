#include "app/stand_of.hpp"

#include "app/makes.hpp"
#include "app/stand_miners.hpp"

#include "wire/rfc3339.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ballast {

namespace {


constexpr std::string_view function_names[] = {"coil", "discrete", "holding", "input"};

sim::Table table_of(RegisterFunction function) {
    switch (function) {
        case RegisterFunction::coil: return sim::Table::coil;
        case RegisterFunction::discrete: return sim::Table::discrete;
        case RegisterFunction::holding: return sim::Table::holding;
        case RegisterFunction::input: return sim::Table::input;
    }
    return sim::Table::holding;
}

bool loopback(const std::string& host) {
    return host == "localhost" || host.starts_with("127.");
}

double kilowatts(Power power) {
    return static_cast<double>(power.count) / 1000;
}

/// Carries one translation through; the first thing that cannot be stood up ends up in `refused`.
class Builder {
public:
    Builder(const Config& config, const StandWishes& wishes) : config_{config}, wishes_{wishes} {}

    Result<StandPlan> build() {
        plan_.settings.plant.seed = wishes_.seed;
        for (const FeederConfig& feeder : config_.feeders) {
            const auto above = std::ranges::find(config_.feeders, feeder.under, &FeederConfig::name);
            plant().feeders.push_back(feeder.name);
            plant().under.push_back(above == config_.feeders.end() ? std::nullopt : std::optional{static_cast<std::size_t>(above - config_.feeders.begin())});
            plant().feeder_cooling_per_mille.push_back(static_cast<unsigned>(feeder.cooling_ppm / 1'000));
        }
        for (const GroupConfig& group : config_.groups) contactor(group);
        for (const GroupConfig& group : config_.groups) machines(group);
        for (const PduConfig& pdu : config_.pdus) outlets(pdu);
        for (const GroupConfig& group : config_.groups) hall(group);
        for (const GroupConfig& group : config_.groups) gpus(group);
        for (const MeterConfig& meter : config_.meters) site_meter(meter);
        for (const PolicyConfig& policy : config_.policies) frequency_meter(policy);
        for (const SignalConfig& signal : config_.signals) rtu(signal);
        heartbeat();
        overhead();
        utility();
        if (refused_) return tl::unexpected{*refused_};
        auto happenings = sim::apply(wishes_.faults, plant());
        if (!happenings) return tl::unexpected{happenings.error()};
        plan_.settings.happenings = *std::move(happenings);
        return std::move(plan_);
    }

private:
    sim::PlantSettings& plant() { return plan_.settings.plant; }

    template <class... Values>
    void say(fmt::format_string<Values...> format, Values&&... values) {
        plan_.lines.push_back(fmt::format(format, std::forward<Values>(values)...));
    }

    void refuse(std::string why) {
        if (!refused_) refused_ = Error{Errc::refused, std::move(why)};
    }

    void must_be_loopback(const std::string& whose, const std::string& host) {
        if (!loopback(host))
            refuse(fmt::format("{}: host \"{}\" is not loopback; simulate stands devices up on 127.0.0.0/8 only, so give it an address there", whose, host));
    }

    sim::RegisterPlace place(const std::string& whose, const ModbusConfig& bus, RegisterFunction function, std::uint16_t address) {
        if (bus.transport == Transport::rtu)
            refuse(fmt::format("{}: device \"{}\" is a serial line; simulate plays Modbus TCP only (transport = \"tcp\")", whose, bus.device));
        else must_be_loopback(whose, bus.host);
        return {bus.host, bus.port, static_cast<std::uint8_t>(bus.unit_id), table_of(function), address};
    }

    sim::RegisterPlace place(const std::string& whose, const ModbusConfig& bus, const RegisterConfig& value) {
        sim::RegisterPlace out = place(whose, bus, value.function, value.address);
        out.type = value.type;
        out.order = value.order;
        out.scale = value.scale;
        return out;
    }

    static std::string where(const ModbusConfig& bus) { return fmt::format("{}:{} unit {}", bus.host, bus.port, bus.unit_id); }

    std::optional<std::size_t> feeder_of(const GroupConfig& group) const {
        const auto found = std::ranges::find(config_.feeders, group.feeder, &FeederConfig::name);
        return found == config_.feeders.end() ? std::nullopt : std::optional{static_cast<std::size_t>(found - config_.feeders.begin())};
    }

    void contactor(const GroupConfig& group) {
        if (!group.switchgear) return;
        const ContactorConfig& gear = *group.switchgear;
        const std::size_t index = plant().contactors.size();
        for (const std::string& carried : gear.carries) contactor_of_.emplace(carried, index);
        plant().contactors.push_back({.name = group.name, .block = gear.carries.empty() ? group.nameplate : Power{}, .feeder = feeder_of(group)});
        const std::string whose = "group " + group.name;
        plan_.settings.contactors.push_back({index, place(whose, gear.modbus, RegisterFunction::coil, gear.coil),
                                             place(whose, gear.modbus, gear.feedback_function, gear.feedback_address), gear.feedback_closed});
        say("contactor {}: {} coil {}, {}", group.name, where(gear.modbus), gear.coil,
            gear.carries.empty() ? fmt::format("{:.0f} kW", kilowatts(group.nameplate)) : fmt::format("carries {}", fmt::join(gear.carries, ", ")));
    }

    void machines(const GroupConfig& group) {
        if (group.machines.empty() || group.gpu) return;
        const auto login = login_of(*group.miners);
        if (!login) return refuse(fmt::format("group {}: {}", group.name, login.error().detail));
        Power sum;
        for (const MachineConfig& machine : group.machines) {
            must_be_loopback(fmt::format("group {}, machine {}", group.name, machine.id), machine.host);
            auto [device, settings] = miner_of(group, machine, plant().machines.size(), *login);
            settings.feeder = feeder_of(group);
            if (const auto gear = contactor_of_.find(group.name); gear != contactor_of_.end()) settings.contactor = gear->second;
            if (wishes_.full_after) settings.full_after = {*wishes_.full_after, *wishes_.full_after};
            plan_.settings.asics.push_back(std::move(device));
            plant().machines.push_back(std::move(settings));
            sum += machine.watts;
        }
        const MachineConfig& first = group.machines.front();
        const MachineConfig& last = group.machines.back();
        say("{}: {} {} miners, {}:{} to {}:{}, {:.0f} kW", group.name, group.machines.size(), make_of(group.miners->protocol).called, first.host, first.port, last.host, last.port, kilowatts(sum));
    }

    /// What `run` turns off must not be real.
    void outlets(const PduConfig& pdu) {
        must_be_loopback("pdu " + pdu.name, pdu.host);
        say("pdu {}: not played (nobody answers at {}:{})", pdu.name, pdu.host, pdu.port);
    }

    void hall(const GroupConfig& group) {
        if (group.driver != GroupDriver::metered) return;
        const Power from{group.nameplate.count / 2}, to{group.nameplate.count * 4 / 5};
        plant().halls.push_back({.name = group.name, .feeder = feeder_of(group), .profile = sim::growing(from, to, wishes_.hall_grows)});
        say("{}: {:.0f} kW of GPUs, {:.0f} kW after {} s", group.name, kilowatts(from), kilowatts(to), wishes_.hall_grows.count() / 1000);
        if (group.meter) meter(*group.meter, {group.name, sim::Measures::hall, plant().halls.size() - 1});
    }

    /// Each node is a hall of its own, which its agent steers.
    void gpus(const GroupConfig& group) {
        if (!group.gpu) return;
        const auto broker = std::ranges::find(config_.brokers, group.gpu->broker, &BrokerConfig::name);
        must_be_loopback("mqtt." + broker->name, broker->host);
        if (broker->tls) return say("group {}: not played (simulate speaks no TLS)", group.name);
        auto agents = std::ranges::find_if(plan_.settings.gpus, [&](const auto& known) { return known.host == broker->host && known.port == broker->port; });
        if (agents == plan_.settings.gpus.end()) {
            agents = plan_.settings.gpus.emplace(agents);
            agents->host = broker->host;
            agents->port = broker->port;
            agents->site = config_.site.name;
        }
        Power sum;
        for (const MachineConfig& from : group.machines) {
            sim::GpuNodeSettings node{from.id, plant().halls.size(), from.watts, group.standby, group.flexible.workload};
            plant().halls.push_back({.name = from.id, .feeder = feeder_of(group), .profile = {{Duration{0}, sim::free_draw(node)}}});
            sum += sim::free_draw(node);
            agents->nodes.push_back(std::move(node));
        }
        say("{}: {} GPU nodes, agents on the broker at {}:{}, {:.1f} kW", group.name, group.machines.size(), broker->host, broker->port, kilowatts(sum));
    }

    void site_meter(const MeterConfig& meter_config) {
        sim::MeterSettings settings{meter_config.name, sim::Measures::site, 0};
        const auto feeder = std::ranges::find(config_.feeders, meter_config.name, &FeederConfig::meter);
        if (meter_config.name != config_.site.meter && feeder != config_.feeders.end()) {
            settings.what = sim::Measures::feeder;
            settings.which = static_cast<std::size_t>(feeder - config_.feeders.begin());
        }
        meter(meter_config, std::move(settings));
    }

    void meter(const MeterConfig& from, sim::MeterSettings settings) {
        say("meter {}: {} {} {}, measures {}", from.name.empty() ? settings.name : from.name, where(from.modbus), function_names[static_cast<std::size_t>(from.power.function)],
            from.power.address, settings.what == sim::Measures::site ? "the site" : settings.what == sim::Measures::hall ? settings.name : "feeder " + plant().feeders[settings.which]);
        plan_.settings.meters.push_back({plant().meters.size(), place("meter " + settings.name, from.modbus, from.power)});
        plant().meters.push_back(std::move(settings));
    }

    void frequency_meter(const PolicyConfig& policy) {
        if (!policy.under_frequency) return;
        const FrequencyMeterConfig& from = policy.under_frequency->meter;
        const Frequency nominal = policy.under_frequency->nominal;
        say("frequency meter of {}: {} {} {}, {:.0f} Hz; it dips with --faults {}:{:.3f}@60+20", policy.name, where(from.modbus),
            function_names[static_cast<std::size_t>(from.frequency.function)], from.frequency.address, hertz(nominal), policy.name,
            hertz(policy.under_frequency->stages.front().below) - 0.1);
        plan_.settings.frequencies.push_back({plant().frequencies.size(), place("policy " + policy.name, from.modbus, from.frequency)});
        plant().frequencies.push_back({policy.name, nominal});
    }

    void rtu(const SignalConfig& signal) {
        if (signal.driver != SignalDriver::modbus) return;
        const std::string whose = "signal " + signal.name;
        if (signal.contact) {
            const ContactConfig& contact = *signal.contact;
            plan_.settings.rtu.push_back({signal.name, place(whose, signal.modbus, contact.function, contact.address), contact.active_closed ? 0.0 : 1.0});
            say("signal {}: {} {} {}; throw it with mbpoll -m tcp -0 -p {} -a {} -t 0 -r {} {} {}", signal.name, where(signal.modbus),
                function_names[static_cast<std::size_t>(contact.function)], contact.address, signal.modbus.port, signal.modbus.unit_id, contact.address, signal.modbus.host,
                contact.active_closed ? 1 : 0);
            return;
        }
        if (!signal.value) return;
        const RegisterConfig& value = signal.value->value;
        plan_.settings.rtu.push_back({signal.name, place(whose, signal.modbus, value), at_rest(signal), signal.kind == SignalSort::price});
        say("signal {}: {} {} {}, {} in it", signal.name, where(signal.modbus), function_names[static_cast<std::size_t>(value.function)], value.address, signal.unit.text);
    }

    /// A number that asks nothing of the site.
    double at_rest(const SignalConfig& signal) const {
        const double scale = signal.value->value.scale, unit = static_cast<double>(std::max<std::int64_t>(signal.unit.factor, 1));
        if (signal.value->none) return static_cast<double>(*signal.value->none) * scale;
        if (signal.kind == SignalSort::temperature) return 20;  // A mild day, as long as it is plausible.
        if (signal.kind == SignalSort::hashprice)
            for (const PolicyConfig& policy : config_.policies)
                if (policy.price_strike && policy.price_strike->economics) return static_cast<double>(policy.price_strike->economics->hashprice.count) / unit;
        if (signal.kind == SignalSort::limit && signal.plausible_max) return static_cast<double>(*signal.plausible_max) / unit;
        return 0;
    }

    void heartbeat() {
        if (!config_.site.heartbeat || !config_.site.heartbeat->modbus) return;
        const HeartbeatConfig& beat = *config_.site.heartbeat;
        plan_.settings.rtu.push_back({"heartbeat", place("site.heartbeat", *beat.modbus, RegisterFunction::coil, beat.coil), 0});
        say("heartbeat: {} coil {}", where(*beat.modbus), beat.coil);
    }

    /// Two thirds of what the file assumes are there whatever runs; the rest is the cooling of what runs at full power.
    void overhead() {
        Power full;
        for (const sim::MachineSettings& machine : plant().machines) full += machine.rated;
        for (const sim::ContactorSettings& gear : plant().contactors) full += gear.block;
        for (const GroupConfig& group : config_.groups)
            if (group.driver == GroupDriver::metered) full += group.nameplate;
            else if (group.gpu)
                for (const MachineConfig& node : group.machines) full += node.watts;
        if (config_.site.cooling_ppm > 0) {  // Then the file says which part moves.
            plant().cooling_per_mille = static_cast<unsigned>(config_.site.cooling_ppm / 1'000);
            plant().house_load = config_.site.overhead;
            return;
        }
        const Power cooling{config_.site.overhead.count / 3};
        if (full.count > 0) plant().cooling_per_mille = static_cast<unsigned>(cooling.count * 1000 / full.count);
        plant().house_load = config_.site.overhead - cooling;
    }

    const BrokerConfig* broker_of(const SignalConfig& signal) {
        const auto broker = std::ranges::find(config_.brokers, signal.broker, &BrokerConfig::name);
        if (broker == config_.brokers.end()) return nullptr;
        must_be_loopback("mqtt." + broker->name, broker->host);
        return &*broker;
    }

    void utility() {
        sim::UtilitySettings settings;
        const BrokerConfig* broker = nullptr;
        for (const SignalConfig& signal : config_.signals) {
            if (signal.driver != SignalDriver::mqtt) continue;
            const BrokerConfig* its = broker_of(signal);
            std::string& topic = signal.kind == SignalSort::price ? settings.price_topic : settings.dispatch_topic;
            const bool ours = !signal.mapping && signal.topic.find_first_of("+#") == std::string::npos;
            const bool playable = signal.kind == SignalSort::price || signal.kind == SignalSort::dispatch;
            if (!its || !playable || !ours || !topic.empty() || (broker && broker != its) || its->tls) {
                say("signal {}: not played (simulate speaks our own JSON on one topic each for prices and dispatches, without TLS)", signal.name);
                continue;
            }
            broker = its;
            topic = signal.topic;
        }
        if (!broker) return;
        settings.host = broker->host;
        settings.port = broker->port;
        settings.speed = wishes_.speed;
        if (wishes_.prices && !settings.price_topic.empty()) {
            settings.currency = wishes_.prices->currency;
            for (const sim::PricePoint& point : wishes_.prices->intervals) settings.prices.push_back({point.start, point.end, point.price});
            say("utility: {} prices of {} from {} on {}, to the broker at {}:{}, {:g} times as fast", settings.prices.size(), wishes_.prices->market,
                wire::rfc3339(settings.prices.front().start), settings.price_topic, settings.host, settings.port, settings.speed);
        }
        plan_.settings.utility = std::move(settings);
    }

    const Config& config_;
    const StandWishes& wishes_;
    StandPlan plan_;
    std::map<std::string, std::size_t> contactor_of_;  ///< Group carried -> contactor.
    std::optional<Error> refused_;
};

}  // namespace

Result<StandPlan> stand_of(const Config& config, const StandWishes& wishes) {
    return Builder{config, wishes}.build();
}

}  // namespace ballast
