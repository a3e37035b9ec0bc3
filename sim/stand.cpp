#include "sim/stand.hpp"

#include "sim/sockets.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <thread>

namespace ballast::sim {

/// The RTU's registers, by name; written by peers and by whoever runs the stand.
class Stand::Values {
public:
    bool set(const std::string& name, double value) {
        const auto found = values_.find(name);
        if (found == values_.end()) return false;
        found->second = value;
        return true;
    }
    std::atomic<double>& add(const std::string& name, double value) {
        std::atomic<double>& place = values_[name];
        place = value;
        return place;
    }

private:
    std::map<std::string, std::atomic<double>> values_;  // Filled before any thread runs.
};

/// Lets the happenings happen at their time.
class Stand::Script {
public:
    Script(LivePlant& plant, std::vector<Happening> happenings)
        : plant_{plant}, happenings_{std::move(happenings)}, start_{std::chrono::steady_clock::now()}, thread_{[this] { run(); }} {}
    ~Script() {
        {
            const std::scoped_lock lock{mutex_};
            stopping_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    std::vector<std::string> happened() const {
        const std::scoped_lock lock{mutex_};
        return happened_;
    }

private:
    void run() {
        std::unique_lock lock{mutex_};
        for (const Happening& next : happenings_) {
            if (changed_.wait_until(lock, start_ + next.after, [this] { return stopping_; })) return;
            plant_.with([&next](Plant& plant, Steady now) { next.happen(plant, now); });
            happened_.push_back(next.what);
        }
    }

    LivePlant& plant_;
    const std::vector<Happening> happenings_;
    const std::chrono::steady_clock::time_point start_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> happened_;
    bool stopping_ = false;
    std::thread thread_;
};

namespace {

ModbusUnit unit_of(const RegisterPlace& place, ModbusPoint point) {
    point.table = place.table;
    point.address = place.address;
    point.type = place.type;
    point.order = place.order;
    point.scale = place.scale;
    return {place.host, place.port, place.unit, {std::move(point)}};
}

/// Nothing begins there yet.
bool vacant(const RegisterPlace& place, const std::vector<ModbusUnit>& units) {
    return std::ranges::none_of(units, [&place](const ModbusUnit& unit) {
        const ModbusPoint& point = unit.points.front();
        return unit.host == place.host && unit.port == place.port && unit.unit == place.unit && point.table == place.table &&
               point.address == place.address;
    });
}

}  // namespace

Stand::Stand(StandSettings settings) : plant_{settings.plant}, values_{std::make_unique<Values>()} {
    raise_descriptor_limit();
    if (settings.utility) utility_ = std::make_unique<Utility>(*settings.utility);
    modbus_ = std::make_unique<ModbusDevices>(units(settings));
    asics_ = std::make_unique<AsicDevices>(settings.asics, plant_, settings.plant.seed, settings.asic_timing);
    script_ = std::make_unique<Script>(plant_, std::move(settings.happenings));
    for (GpuAgentsSettings& gpus : settings.gpus) gpus_.push_back(std::make_unique<GpuAgents>(std::move(gpus), plant_));
}

Stand::~Stand() = default;

std::vector<ModbusUnit> Stand::units(const StandSettings& settings) {
    std::vector<ModbusUnit> out;
    for (const StandSettings::Meter& meter : settings.meters) {
        ModbusPoint point;
        point.read = [this, i = meter.meter] {
            return static_cast<double>(plant_.with([i](Plant& plant, Steady now) { return plant.power(i, now); }).count);
        };
        point.fault = [this, i = meter.meter] { return plant_.with([i](Plant& plant, Steady) { return plant.meter_fault(i); }); };
        out.push_back(unit_of(meter.power, std::move(point)));
    }
    for (const StandSettings::FrequencyMeter& meter : settings.frequencies) {
        ModbusPoint point;
        point.read = [this, i = meter.meter] { return hertz(plant_.with([i](Plant& plant, Steady) { return plant.frequency(i); })); };
        point.fault = [this, i = meter.meter] { return plant_.with([i](Plant& plant, Steady) { return plant.frequency_fault(i); }); };
        out.push_back(unit_of(meter.frequency, std::move(point)));
    }
    for (const StandSettings::Contactor& contactor : settings.contactors) add_contactor(contactor, out);
    add_rtu(settings.rtu, out);
    return out;
}

void Stand::add_contactor(const StandSettings::Contactor& contactor, std::vector<ModbusUnit>& units) {
    const std::size_t i = contactor.contactor;
    ModbusPoint coil;
    coil.read = [this, i] { return plant_.with([i](Plant& plant, Steady) { return plant.coil(i); }) ? 1.0 : 0.0; };
    coil.write = [this, i](double value) {
        plant_.with([i, value](Plant& plant, Steady now) { plant.operate(i, value != 0, now); });
    };
    units.push_back(unit_of(contactor.coil, std::move(coil)));
    if (!contactor.feedback) return;
    ModbusPoint feedback;
    feedback.read = [this, i, is = contactor.closed_is] {
        const bool closed = plant_.with([i](Plant& plant, Steady now) { return plant.closed(i, now); });
        return closed == is ? 1.0 : 0.0;
    };
    units.push_back(unit_of(*contactor.feedback, std::move(feedback)));
}

void Stand::add_rtu(const std::vector<StandSettings::Rtu>& all, std::vector<ModbusUnit>& units) {
    std::vector<std::pair<RegisterPlace, ModbusPoint>> mirrors;
    for (const StandSettings::Rtu& rtu : all) {
        std::atomic<double>& value = values_->add(rtu.name, rtu.value);
        ModbusPoint point;
        point.read = [this, &value, follows = rtu.follows_price] {
            const auto price = follows && utility_ ? utility_->latest() : std::nullopt;
            return price ? per_megawatt_hour(price->price) : value.load();
        };
        point.write = [&value](double given) { value = given; };
        RegisterPlace writable = rtu.place;
        writable.table = writable.table == Table::discrete ? Table::coil : Table::holding;
        if (rtu.place.table == Table::discrete || rtu.place.table == Table::input) mirrors.emplace_back(writable, point);
        units.push_back(unit_of(rtu.place, std::move(point)));
    }
    for (auto& [place, point] : mirrors)
        if (vacant(place, units)) units.push_back(unit_of(place, std::move(point)));
}

bool Stand::set(const std::string& rtu, double value) {
    return values_->set(rtu, value);
}

std::vector<std::string> Stand::happened() const {
    return script_->happened();
}

Truth Stand::truth() {
    return plant_.with([](Plant& plant, Steady now) {
        const PlantSettings& settings = plant.settings();
        Truth truth;
        truth.at = now;
        truth.site = plant.site_power(now);
        truth.residual = plant.residual(now);
        for (std::size_t i = 0; i < settings.machines.size(); ++i) {
            const Power power = plant.machine_power(i, now);
            truth.machine.push_back(power);
            truth.machines += power;
            ++(power.count == 0 ? truth.dark : power <= settings.machines[i].standby ? truth.asleep : truth.running);
        }
        for (std::size_t i = 0; i < settings.halls.size(); ++i) {
            truth.hall.push_back(plant.hall_power(i, now));
            truth.halls += truth.hall.back();
        }
        for (std::size_t i = 0; i < settings.meters.size(); ++i) truth.meter.push_back(plant.power(i, now));
        for (std::size_t i = 0; i < settings.contactors.size(); ++i) truth.closed.push_back(plant.closed(i, now));
        return truth;
    });
}

}  // namespace ballast::sim
