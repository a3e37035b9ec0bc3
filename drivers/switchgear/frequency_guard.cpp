#include "drivers/switchgear/frequency_guard.hpp"

#include "controller/clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace ballast::drivers {
namespace {

constexpr Duration tell_every{1'000}, tell_crossing_every{200};

}  // namespace

Result<Frequency> frequency_of(const FrequencyRegister& settings, const ModbusReply& reply) {
    const auto wrong = [&](const Error& error) {
        return fail(error.code, fmt::format("unit {} register {}: {}; check address (0-based), type, order and scale_hz", settings.unit.unit_id, settings.value.address, error.detail));
    };
    const auto value = wire::decode(reply.words, settings.value.type, settings.value.order);
    if (!value) return wrong(value.error());
    const auto scaled = wire::scaled(*value, settings.scale_mhz);
    if (!scaled) return wrong(scaled.error());
    const Frequency frequency{*scaled};
    if (frequency >= settings.plausible_low && frequency <= settings.plausible_high) return frequency;
    return wrong({Errc::implausible, fmt::format("{:.3f} Hz is outside {:.3f}..{:.3f} Hz (plausible_min_hz, plausible_max_hz)", hertz(frequency),
                                                 hertz(settings.plausible_low), hertz(settings.plausible_high))});
}

FrequencyGuard::FrequencyGuard(FrequencyGuardSettings settings, ModbusBuses& buses)
    : settings_{std::move(settings)}, line_{settings_.meter.unit.endpoint}, log_{settings_.meter.name + " meter"}, below_(settings_.stages.size()) {
    for (const auto& [slot, coil] : settings_.coils) {
        ModbusRequest request = write_request(coil.unit, coil.coil, coil.opens_when_on);
        request.urgent = true;
        coils_.emplace(slot, Coil{slot, buses.at(coil.unit.endpoint), request, place(coil.unit.endpoint, request)});
    }
}

FrequencyGuard::~FrequencyGuard() { end(); }

void FrequencyGuard::arm(const TripTable& table) {
    auto armed = std::make_shared<Armed>();
    armed->table = table.id;
    for (const auto& stage : table.stages) {
        auto& coils = armed->stages.emplace_back();
        for (const Slot slot : stage)
            if (const auto coil = coils_.find(slot); coil != coils_.end()) coils.push_back(coil->second);
    }
    const std::lock_guard lock{mutex_};
    armed_ = std::move(armed);
}

asio::awaitable<void> FrequencyGuard::run(Mailbox& mailbox) {
    asio::steady_timer for_ever{co_await asio::this_coro::executor, Clock::time_point::max()};
    if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
    thread_ = std::thread{[this, &mailbox] { watch(mailbox); }};
    co_await for_ever.async_wait(asio::as_tuple(asio::use_awaitable));
    end();
}

/// Waits for the poll under way.
void FrequencyGuard::end() {
    {
        const std::lock_guard lock{mutex_};
        ending_ = true;
    }
    ended_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void FrequencyGuard::watch(Mailbox& mailbox) {
    const ModbusRequest ask = read_request(settings_.meter.unit, settings_.meter.value);
    auto next = Clock::now();
    for (;;) {
        hear(line_.exchange(ask), mailbox);
        next = std::max(next + settings_.period, Clock::now());
        std::unique_lock lock{mutex_};
        if (ended_.wait_until(lock, next, [this] { return ending_; })) return;
    }
}

void FrequencyGuard::hear(const Result<ModbusReply>& reply, Mailbox& mailbox) {
    const Result<Frequency> frequency = reply ? frequency_of(settings_.meter, *reply) : tl::unexpected{reply.error()};
    if (frequency) {
        judge(*frequency, reply->at, mailbox);
        log_.worked();
        refusing_ = false;
        return;
    }
    std::ranges::fill(below_, 0u);
    log_.failed(frequency.error(), steady_now());
    if (!reply || std::exchange(refusing_, true)) return;
    const Rejection why = frequency.error().code == Errc::implausible ? Rejection::implausible : Rejection::malformed;
    mailbox.put(Rejected{settings_.source, why, fmt::format("{} meter: {}", settings_.meter.name, frequency.error().detail).substr(0, 200)});
}

void FrequencyGuard::judge(Frequency frequency, Steady taken, Mailbox& mailbox) {
    std::size_t stages = 0;
    for (std::size_t i = 0; i < below_.size(); ++i) {
        below_[i] = frequency < settings_.stages[i] ? std::min(below_[i] + 1, settings_.samples) : 0;
        if (below_[i] >= settings_.samples) stages = i + 1;
    }
    if (stages > 0) trip(stages, frequency, taken, mailbox);
    tell(frequency, taken, mailbox);
}

void FrequencyGuard::trip(std::size_t stages, Frequency frequency, Steady taken, Mailbox& mailbox) {
    std::shared_ptr<const Armed> armed;
    {
        const std::lock_guard lock{mutex_};
        armed = armed_;
    }
    if (!armed) return;
    if (std::exchange(fired_table_, armed->table) != armed->table) fired_ = 0;
    Tripped tripped{settings_.guard, armed->table, static_cast<std::uint8_t>(stages), frequency, taken, steady_now(), {}};
    for (; fired_ < std::min(stages, armed->stages.size()); ++fired_)
        for (const Coil& coil : armed->stages[fired_]) {
            if (settings_.send) open(coil);
            tripped.contactors.push_back(coil.contactor);
        }
    if (tripped.contactors.empty()) return;
    const std::size_t opened = tripped.contactors.size();
    mailbox.put(std::move(tripped));
    spdlog::warn("{}: {:.3f} Hz: stage {}: {} contactor(s) {}", settings_.meter.name, hertz(frequency), stages, opened,
                 settings_.send ? "told to open" : "would have been told to open; this is a dry run");
}

/// The engine gives the same order through the contactor's own driver, which tells its fate; here a failure is only said.
void FrequencyGuard::open(const Coil& coil) const {
    coil.bus->post(coil.open, [what = coil.what](const Result<ModbusReply>& reply) {
        if (!reply) spdlog::error("trip: {}", reply.error().detail);
    });
}

void FrequencyGuard::tell(Frequency frequency, Steady taken, Mailbox& mailbox) {
    lowest_ = std::min(frequency, lowest_.value_or(frequency));
    const bool low = frequency < settings_.restore_above;
    const Duration apart = low != told_low_ ? tell_crossing_every : tell_every;
    if (told_ != Steady::min() && taken < told_ + apart) return;
    mailbox.put(FrequencyReading{settings_.guard, *std::exchange(lowest_, std::nullopt), frequency, taken});
    told_ = taken;
    told_low_ = low;
}

}  // namespace ballast::drivers
