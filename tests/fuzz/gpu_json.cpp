#include "tests/fuzz/reply.hpp"
#include "wire/gpu_json.hpp"

using namespace ballast;
using namespace ballast::fuzz;

namespace {

bool fails_as_told(const Error& error) {
    const bool named = error.code == Errc::malformed || error.code == Errc::oversized || error.code == Errc::implausible;
    return named && shown_well(error);
}

void check_order(std::string_view bytes) {
    const auto order = wire::parse_gpu_order(bytes);
    if (!order) {
        PROMISE(fails_as_told(order.error()));
        return;
    }
    PROMISE(order->order > 0 && bytes.size() <= 4'096 && (order->action != wire::GpuOrder::Action::cap || order->watts));
    PROMISE(!order->watts || *order->watts >= Power{0});
    const std::string written = wire::gpu_order_json(*order);
    if (written.size() > 4'096) return;  // Its times have grown, or its reason.
    const auto again = wire::parse_gpu_order(written);
    PROMISE(again && again->order == order->order && again->action == order->action && again->watts == order->watts);
    PROMISE(again->issued == order->issued && again->deadline == order->deadline && again->event == order->event);
}

void check_status(std::string_view bytes) {
    const auto status = wire::parse_gpu_status(bytes);
    if (!status) {
        PROMISE(fails_as_told(status.error()));
        return;
    }
    PROMISE(status->acks.size() <= wire::GpuStatus::most_acks);
    PROMISE((!status->power || *status->power >= Power{0}) && (!status->cap || *status->cap >= Power{0}));
    const auto again = wire::parse_gpu_status(wire::gpu_status_json(*status));
    PROMISE(again && again->time == status->time && again->mode == status->mode && again->power == status->power && again->cap == status->cap);
    PROMISE(again->acks.size() == status->acks.size());
}

}  // namespace

FUZZ_TARGET(gpu_json) {
    check_order(bytes);
    check_status(bytes);
    for (const std::string_view what : {"order", "status"}) {
        const std::string_view load = wire::load_of_gpu_topic("pecos", bytes, what);
        PROMISE(load.empty() || wire::gpu_topic("pecos", load, what) == bytes);
    }
}
