#include "drivers/gpu/nodes.hpp"

#include "model/names.hpp"
#include "wire/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace ballast::drivers {

namespace {

using Action = wire::GpuOrder::Action;

std::optional<Action> action_of(Rung rung) {
    switch (rung) {
    case Rung::checkpoint: return Action::checkpoint;
    case Rung::cap: return Action::cap;
    case Rung::sleep: return Action::sleep;
    case Rung::wake:
    case Rung::uncap: return Action::resume;
    case Rung::close:
    case Rung::power_off:
    case Rung::open: break;
    }
    return std::nullopt;
}

Duration within(const GpuNode& node, Action action) {
    if (action == Action::checkpoint) return node.checkpoint_within;
    return action == Action::resume ? node.on_within : node.off_within;
}

GpuIgnored ignored_for(Errc code) {
    if (code == Errc::oversized) return GpuIgnored::oversized;
    return code == Errc::implausible ? GpuIgnored::implausible : GpuIgnored::malformed;
}

}  // namespace

std::string_view name_of(GpuIgnored why) {
    switch (why) {
    case GpuIgnored::malformed: return "malformed";
    case GpuIgnored::oversized: return "oversized";
    case GpuIgnored::implausible: return "implausible";
    case GpuIgnored::stranger: return "of no load of ours";
    case GpuIgnored::stale: return "stale";
    case GpuIgnored::from_future: return "from the future";
    case GpuIgnored::repeated: return "repeated or late";
    case GpuIgnored::strange_ack: return "for an order that was not given";
    }
    return {};
}

GpuNodes::GpuNodes(std::string site, std::vector<GpuNode> nodes) : site_{std::move(site)} {
    for (GpuNode& node : nodes) {
        by_name_.emplace(node.name, nodes_.size());
        by_load_.emplace(node.load, nodes_.size());
        nodes_.push_back({std::move(node), Instant::min(), {}, true, {}, {}});
    }
}

void GpuNodes::ignore(GpuIgnored why, std::string detail) {
    ++counts_.ignored[static_cast<std::size_t>(why)];
    counts_.last = wire::printable(detail, 200);
}

void GpuNodes::hear(std::string_view topic, std::string_view payload, Instant received, Steady now, Mailbox& mailbox) {
    const auto status = wire::parse_gpu_status(payload);
    const std::string_view name = wire::load_of_gpu_topic(site_, topic, "status");
    const std::lock_guard lock{mutex_};
    ++counts_.heard;
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return ignore(GpuIgnored::stranger, fmt::format("a status on {}", wire::printable(topic, 80)));
    if (!status) return ignore(ignored_for(status.error().code), fmt::format("{}: {}", name, status.error().detail));
    take(nodes_[found->second], *status, received, now, mailbox);
}

void GpuNodes::take(Known& known, const wire::GpuStatus& status, Instant received, Steady now, Mailbox& mailbox) {
    const GpuNode& node = known.node;
    const auto why = [&](std::string_view what) { return fmt::format("{}: a status that is {} s {}", node.name, std::abs((received - status.time).count()) / 1'000, what); };
    if (status.time > received + future_tolerance) return ignore(GpuIgnored::from_future, why("ahead: compare the clocks"));
    if (received - status.time > node.stale_after) return ignore(GpuIgnored::stale, why("old: retained, or the clocks differ"));
    if (status.time <= known.time) return ignore(GpuIgnored::repeated, why("old, and one as new was heard before"));
    if (status.power && status.power->count * 2 > node.rated.count * 3)
        return ignore(GpuIgnored::implausible, fmt::format("{} draws {} W; its nameplate is {} W", node.name, status.power->count, node.rated.count));
    known.time = status.time;
    for (const auto& ack : status.acks) take_ack(known, ack, now, mailbox);
    read(known, status, now - std::max(Duration{0}, received - status.time), mailbox);
}

/// Each fate is told once. Of a checkpoint and a resume, "accepted" is not yet done.
void GpuNodes::take_ack(Known& known, const wire::GpuStatus::Ack& ack, Steady now, Mailbox& mailbox) {
    using R = wire::GpuStatus::Result;
    Asked* asked = ack.order == known.checkpoint.id ? &known.checkpoint : ack.order == known.other.id ? &known.other : nullptr;
    const std::uint64_t newest = std::max(known.checkpoint.id, known.other.id);
    if (!asked) {
        if (ack.order > newest) ignore(GpuIgnored::strange_ack, fmt::format("{} acknowledges order {}", known.node.name, ack.order));
        return;  // An older one is merely over.
    }
    const bool waits_for_done = asked->action == Action::checkpoint || asked->action == Action::resume;
    if (ack.result == R::accepted && waits_for_done) return;
    bool& told = ack.result == R::refused ? asked->refused : asked->accepted;
    if (std::exchange(told, true)) return;
    known.tell = true;
    const Slot load = known.node.load;
    mailbox.put(Receipt{OrderId{ack.order}, {load, load + 1}, ack.result == R::refused ? Fate::refused : Fate::accepted, now});
}

/// What says nothing new is told as an answer only.
void GpuNodes::read(Known& known, const wire::GpuStatus& status, Steady taken, Mailbox& mailbox) {
    const Slot load = known.node.load;
    const LoadReading reading{{load, load + 1}, status.mode, status.power ? Quality::measured : Quality::bad, status.power.value_or(Power{}), taken};
    const Power moved{std::abs(reading.power.count - known.told.power.count)};
    const bool same = !known.tell && reading.mode == known.told.mode && reading.quality == known.told.quality && moved.count * 100 <= known.node.rated.count;
    if (same) return mailbox.put(Answered{reading.loads});
    known.told = reading;
    known.tell = false;
    mailbox.put(reading);
}

std::vector<GpuNodes::Message> GpuNodes::order(const Order& order, Instant now) {
    std::vector<Message> messages;
    const auto action = action_of(order.rung);
    if (!action) return messages;
    const std::lock_guard lock{mutex_};
    for (Slot s = order.loads.first; s < order.loads.last; ++s) {
        const auto found = by_load_.find(s);
        if (found == by_load_.end()) continue;
        Known& known = nodes_[found->second];
        const auto id = static_cast<std::uint64_t>(order.id);
        (*action == Action::checkpoint ? known.checkpoint : known.other) = Asked{id, *action, false, false};
        known.tell = true;
        wire::GpuOrder message;
        message.order = id;
        message.action = *action;
        if (*action == Action::cap) message.watts = order.cap;
        message.by_clock = known.node.by_clock;
        message.issued = now;
        message.deadline = now + within(known.node, *action);
        message.reason = ballast::name_of(order.why.reason);
        message.event = static_cast<std::uint32_t>(order.why.event);
        messages.push_back({wire::gpu_topic(site_, known.node.name, "order"), wire::gpu_order_json(message)});
    }
    return messages;
}

GpuNodes::Counts GpuNodes::counts() const {
    const std::lock_guard lock{mutex_};
    return counts_;
}

}  // namespace ballast::drivers
