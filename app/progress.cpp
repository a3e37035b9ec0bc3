#include "app/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <unistd.h>

namespace ballast {

Progress::Progress(std::string what, std::int64_t total) : what_{std::move(what)}, total_{std::max<std::int64_t>(total, 1)}, shown_{::isatty(STDERR_FILENO) == 1} {}

Progress::~Progress() {
    if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::at(std::int64_t done) {
    if (!shown_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds{100};
    constexpr std::int64_t width = 30;
    const std::int64_t part = std::clamp<std::int64_t>(done * width / total_, 0, width);
    fmt::print(stderr, "\r{} [{:=<{}}{:{}}] {} of {}\033[K", what_, "", part, "", width - part, done, total_);
    std::fflush(stderr);
}

}  // namespace ballast
