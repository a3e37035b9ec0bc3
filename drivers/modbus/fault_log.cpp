#include "drivers/modbus/fault_log.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace ballast::drivers {
namespace {

constexpr Duration pause_least{5'000}, pause_most{600'000};

}  // namespace

void FaultLog::failed(const Error& error, Steady now) {
    ++failures_;
    if (failures_ == 1 || error.code != kind_) pause_ = pause_least;
    kind_ = error.code;
    if (last_ != Steady::min() && now < last_ + pause_) return;
    spdlog::warn("{}: {}{}", what_, error.detail, failures_ > 1 ? fmt::format(" ({} failures running)", failures_) : "");
    if (told_) pause_ = std::min(pause_ * 2, pause_most);
    told_ = true;
    last_ = now;
}

void FaultLog::worked() {
    if (told_) spdlog::info("{}: answers again after {} failures", what_, failures_);
    failures_ = 0;
    told_ = false;
}

}  // namespace ballast::drivers
