#include "sim/feeds/lines.hpp"

#include <cstring>

namespace ballast::sim {

LineReader::LineReader(const std::string& path) : file_{std::fopen(path.c_str(), "rb")}, buffer_(4 * longest) {}

bool LineReader::refill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    const std::size_t got = std::fread(buffer_.data() + end_, 1, buffer_.size() - end_, file_.get());
    if (number_ == 0 && end_ == 0 && got >= 3 && std::memcmp(buffer_.data(), "\xEF\xBB\xBF", 3) == 0) begin_ = 3;
    end_ += got;
    return got > 0;
}

bool LineReader::give(std::size_t size, std::size_t eaten) {
    if (size > longest) too_long_ = true;
    line_ = too_long_ ? std::string_view{} : std::string_view{buffer_.data() + begin_, size};
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    begin_ += eaten;
    ++number_;
    return true;
}

bool LineReader::next() {
    too_long_ = false;
    std::size_t looked_at = 0;
    for (;;) {
        const char* const line = buffer_.data() + begin_;
        const std::size_t waiting = end_ - begin_;
        if (const void* found = std::memchr(line + looked_at, '\n', waiting - looked_at)) {
            const auto size = static_cast<std::size_t>(static_cast<const char*>(found) - line);
            return give(size, size + 1);
        }
        looked_at = waiting;
        if (waiting > longest) {  // Forget what came so far; only its end is of interest.
            too_long_ = true;
            begin_ = end_;
            looked_at = 0;
        }
        if (!refill()) return (waiting > 0 || too_long_) && give(end_ - begin_, end_ - begin_);
    }
}

namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

void split_csv(std::string_view line, std::vector<std::string_view>& into, std::size_t most) {
    into.clear();
    std::size_t at = 0;
    while (into.size() < most) {
        bool quoted = false;
        std::size_t end = at;
        for (; end < line.size() && (quoted || line[end] != ','); ++end)
            if (line[end] == '"') quoted = !quoted;
        std::string_view field = trimmed(line.substr(at, end - at));
        if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = trimmed(field.substr(1, field.size() - 2));
        into.push_back(field);
        if (end >= line.size()) return;
        at = end + 1;
    }
}

}  // namespace ballast::sim
