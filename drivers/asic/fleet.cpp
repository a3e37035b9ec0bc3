#include "drivers/asic/fleet.hpp"

#include "controller/clock.hpp"
#include "drivers/asic/antminer.hpp"
#include "drivers/asic/axeos.hpp"
#include "drivers/asic/braiins.hpp"
#include "drivers/asic/cgminer.hpp"
#include "drivers/asic/epic.hpp"
#include "drivers/asic/luxos.hpp"
#include "drivers/asic/vnish.hpp"
#include "drivers/asic/whatsminer2.hpp"
#include "drivers/asic/whatsminer3.hpp"
#include "model/check.hpp"

#include <boost/asio/post.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>

namespace ballast::asic {
namespace {

constexpr std::uint32_t nobody = ~std::uint32_t{0};
constexpr Duration first_contact_within{5'000};
constexpr Duration busy_tick{25};
constexpr Duration calm_tick{100};  ///< While nothing but telemetry is under way: polls go out in handfuls, not one by one.
constexpr std::size_t descriptors_for_others = 256;

/// Sockets the process may have, after asking for as many as it is allowed.
std::size_t descriptor_limit(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1'024;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
        ::setrlimit(RLIMIT_NOFILE, &limit);
        ::getrlimit(RLIMIT_NOFILE, &limit);
    }
    return static_cast<std::size_t>(limit.rlim_cur);
}

Exchanges::Limits limits_for(const AsicSettings& settings) {
    const std::size_t most = settings.machines.size();
    Exchanges::Limits limits{std::clamp<std::size_t>(settings.connections, 1, std::max<std::size_t>(most, 1)),
                             std::min(settings.slow_connections, most), settings.slow_after, settings.deadline};
    const std::size_t wanted = limits.fast + limits.slow + descriptors_for_others;
    const std::size_t granted = descriptor_limit(wanted);
    if (granted >= wanted) return limits;
    const std::size_t ours = std::max<std::size_t>(granted, descriptors_for_others + 64) - descriptors_for_others;
    limits.fast = std::min(limits.fast, std::max<std::size_t>(ours / 2, 1));
    limits.slow = std::min(limits.slow, ours - limits.fast);
    spdlog::warn("asics: only {} descriptors allowed, {} wanted: {} connections at once and {} to slow machines; raise LimitNOFILE",
                 granted, wanted, limits.fast, limits.slow);
    return limits;
}

}  // namespace

Fleet::Fleet(asio::any_io_executor executor, AsicSettings settings)
    : executor_{std::move(executor)}, settings_{std::move(settings)},
      exchanges_{limits_for(settings_), [this](std::uint32_t who, Outcome outcome, std::string_view bytes) { answered(who, outcome, bytes); }},
      sheds_{settings_.machines.size()}, raises_{settings_.machines.size()}, polls_{settings_.machines.size()}, watched_{executor_},
      timer_{executor_}, resolver_{executor_} {
    machines_.resize(settings_.machines.size());
    for (std::size_t i = 0; i < machines_.size(); ++i) add(settings_.machines[i], i);
    settings_.machines.clear();
    settings_.machines.shrink_to_fit();
}

void Fleet::add(const AsicMachine& said, std::size_t at) {
    Machine& m = machines_[at];
    m.slot = said.slot;
    m.rated = said.rated;
    m.standby = said.standby;
    m.deadband = said.deadband;
    m.low_power = said.low_power;
    m.capped = said.slowed;  // By who was here before us.
    m.shared = said.shared;
    m.poll = std::max(said.poll, Duration{100});
    m.phase = m.poll * static_cast<std::int64_t>(at) / static_cast<std::int64_t>(machines_.size());
    names_.push_back(said.name.empty() ? fmt::format("{}:{}", said.host, said.port) : fmt::format("{} ({}:{})", said.name, said.host, said.port));
    m.group = static_cast<std::uint32_t>(health_sums_.group(said.group));
    m.dialect = &dialect(said.protocol);
    m.dialect->add(m, said);
    if (!said.mac.empty()) {
        const auto mac = wire::cgminer::mac_address(said.mac);
        if (!mac) throw std::invalid_argument{fmt::format("{} {}: mac '{}' is not six bytes in hex", m.dialect->name(), names_.back(), said.mac)};
        m.mac = *mac;
    }
    by_slot_.resize(std::max<std::size_t>(by_slot_.size(), said.slot + 1), nobody);
    if (by_slot_[said.slot] != nobody) throw std::invalid_argument{fmt::format("{} {}: slot {} is given twice", m.dialect->name(), names_.back(), said.slot)};
    by_slot_[said.slot] = static_cast<std::uint32_t>(at);
    place(m, said);
}

Dialect& Fleet::dialect(AsicProtocol protocol) {
    std::unique_ptr<Dialect>& known = dialects_[protocol];
    if (known) return *known;
    switch (protocol) {
    case AsicProtocol::luxos: known = std::make_unique<Luxos>(); break;
    case AsicProtocol::whatsminer2: known = std::make_unique<Whatsminer2>(); break;
    case AsicProtocol::whatsminer3: known = std::make_unique<Whatsminer3>(); break;
    case AsicProtocol::braiins: known = std::make_unique<Braiins>(); break;
    case AsicProtocol::antminer: known = std::make_unique<Antminer>(); break;
    case AsicProtocol::axeos: known = std::make_unique<Axeos>(); break;
    case AsicProtocol::epic: known = std::make_unique<Epic>(); break;
    case AsicProtocol::vnish: known = std::make_unique<Vnish>(); break;
    case AsicProtocol::cgminer: known = std::make_unique<Cgminer>(); break;
    }
    return *known;
}

void Fleet::start(Mailbox& mailbox) {
    BALLAST_CHECK(!mailbox_);
    mailbox_ = &mailbox;
    for (Event& event : early_) mailbox.put(std::move(event));
    early_.clear();
    watched_.assign(exchanges_.descriptor());
    started_ = steady_now();
    for (HostName& host : host_names_) resolve(host);
    // Scattered over the period, whatever the order: a fleet stands by efficiency, and its first half is not like its second.
    for (Machine& m : machines_) m.hash_due = started_ + settings_.hash_every * (65'536 - static_cast<std::int64_t>((number(m) * 0x9e3779b9u) >> 16)) / 65'536;
    for (Machine& m : machines_) m.look_due = started_ + settings_.looks.apart * number(m);
    for (Machine& m : machines_) schedule(m, started_ + std::min(m.poll, first_contact_within) * number(m) / static_cast<std::int64_t>(machines_.size()));
    tick();
}

void Fleet::stop() {
    if (!mailbox_) return;
    mailbox_ = nullptr;
    for (Machine& m : machines_)
        if (std::exchange(m.talk, Talk::idle) != Talk::idle) exchanges_.abort(m.exchange);
    polls_open_ = 0;
    timer_.cancel();
    tick_at_ = never;
    resolver_.cancel();
    if (watched_.is_open()) watched_.release();  // Cancels the wait; the set itself is the exchanges' own.
}

void Fleet::put(Event event) {
    if (mailbox_) mailbox_->put(std::move(event));
    else early_.push_back(std::move(event));
}

void Fleet::wake_soon() {
    if (!mailbox_ || std::exchange(posted_, true)) return;
    asio::post(executor_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->posted_ = false;
            self->pump();
        }
    });
}

/// Serves answers before it begins anew, so that the first machine is done before the last has begun; gives the thread
/// back after some hundred exchanges.
void Fleet::pump() {
    if (!mailbox_) return;
    for (int turn = 0; turn < 4; ++turn) {
        const std::size_t served = exchanges_.serve(steady_now());
        if (served + begin_waiting(32) == 0) break;
    }
    if (!short_ && exchanges_.room() && (!sheds_.empty() || !raises_.empty())) wake_soon();
    watch();
    arm(next_tick(steady_now()));
}

std::size_t Fleet::begin_waiting(std::size_t most) {
    std::size_t begun = 0;
    while (begun < most && !short_ && exchanges_.room()) {
        if (!sheds_.empty() || !raises_.empty()) {
            const bool shed = !sheds_.empty();
            Machine& m = machines_[shed ? sheds_.pop() : raises_.pop()];
            (shed ? m.shed_queued : m.raise_queued) = false;
            if (!m.waiting || m.talk != Talk::idle) continue;  // Settled, or taken up, since it stood in line.
            begin_order(m);
        } else if (!polls_.empty() && polls_open_ * 2 <= settings_.connections) {
            Machine& m = machines_[polls_.pop()];
            m.poll_queued = false;
            if (m.talk == Talk::tidying || m.talk == Talk::look) schedule(m, steady_now() + Duration{1'000});
            else if (m.talk == Talk::idle && !m.waiting) begin_poll(m);  // Else its order schedules the next.
        } else {
            break;
        }
        ++begun;
    }
    return begun;
}

void Fleet::watch() {
    if (watching_ || exchanges_.open() == 0) return;
    watching_ = true;
    watched_.async_wait(asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](boost::system::error_code ended) {
        const auto self = weak.lock();
        if (!self) return;
        self->watching_ = false;
        if (!ended) self->pump();
    });
}

void Fleet::tick() {
    const Steady now = steady_now();
    tick_at_ = never;
    short_ = false;
    exchanges_.expire(now);
    collect_due(now);
    tidy_up(now);
    for (const std::string& line : health_sums_.due(now)) spdlog::warn("{}", line);
    pump();
}

Steady Fleet::next_tick(Steady now) const {
    Steady at = due_.empty() ? never : due_.top().at;
    if (!untidy_.empty()) at = std::min(at, std::max(untidy_.front().first, tidying_allowed_));
    const Duration tick = short_ || !sheds_.empty() || !raises_.empty() ? busy_tick : calm_tick;
    if (exchanges_.open() > 0 || short_ || !polls_.empty()) at = std::min(at, now + tick);
    return std::max(at, now + tick);
}

void Fleet::arm(Steady at) {
    if (at == never || tick_at_ <= at) return;
    tick_at_ = at;
    timer_.expires_at(Clock::time_point{at.time_since_epoch()});
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        if (cancelled) return;
        if (const auto self = weak.lock(); self && self->mailbox_) self->tick();
    });
}

}  // namespace ballast::asic
