#include "app/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace ballast {

unsigned columns_of(int descriptor) {
    const char* term = std::getenv("TERM");
    if (::isatty(descriptor) != 1 || !term || *term == '\0' || std::string_view{term} == "dumb") return 0;
    winsize size{};
    const bool known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

std::string progress_line(const std::string& what, std::int64_t done, std::int64_t total, unsigned columns, const std::string& left) {
    if (!left.empty() && left.size() + 2 < columns) {
        const std::string line = progress_line(what, done, total, columns - static_cast<unsigned>(left.size()) - 2);
        if (!line.empty()) return line + ", " + left;
    }
    constexpr std::size_t widest = 30, narrowest = 5;
    const std::string count = fmt::format("{} of {}", done, total), longest = fmt::format("{} of {}", total, total);
    const std::size_t frame = what.size() + longest.size() + 5;  // Two spaces, two brackets, and the column that would wrap.
    if (frame + narrowest <= columns) {
        const std::size_t width = std::min(widest, columns - frame);
        const std::size_t part = std::clamp<std::size_t>(static_cast<std::size_t>(std::max<std::int64_t>(done, 0)) * width / static_cast<std::size_t>(total), 0, width);
        return fmt::format("{} [{:=<{}}{:{}}] {}", what, "", part, "", width - part, count);
    }
    const std::string share = fmt::format("{} %", done * 100 / total);
    if (what.size() + share.size() + 2 <= columns) return fmt::format("{} {}", what, share);
    return share.size() + 1 <= columns ? share : std::string{};
}

std::string time_left(std::int64_t done, std::int64_t total, std::chrono::milliseconds taken) {
    if (done <= 0 || done >= total || taken < std::chrono::seconds{1}) return {};
    const double seconds = static_cast<double>(taken.count()) / 1e3 * static_cast<double>(total - done) / static_cast<double>(done);
    return seconds < 100 ? fmt::format("{:.0f} s left", seconds) : seconds < 6'000 ? fmt::format("{:.0f} min left", seconds / 60) : fmt::format("{:.0f} h left", seconds / 3'600);
}

Progress::Progress(std::string what, std::int64_t total) : what_{std::move(what)}, total_{std::max<std::int64_t>(total, 1)}, columns_{columns_of(STDERR_FILENO)} {}

Progress::~Progress() {
    if (columns_ > 0) std::fputs("\r\033[K", stderr);
}

void Progress::at(std::int64_t done) { show(done, {}); }

void Progress::at(std::int64_t done, std::chrono::milliseconds taken) { show(done, time_left(done, total_, taken)); }

void Progress::show(std::int64_t done, const std::string& left) {
    if (columns_ == 0) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds{100};
    columns_ = std::max(columns_of(STDERR_FILENO), 1u);  // It may have been made narrower.
    fmt::print(stderr, "\r{}\033[K", progress_line(what_, done, total_, columns_, left));
    std::fflush(stderr);
}

}  // namespace ballast
