#pragma once
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::sim {

/// Lines of a text file without growing by what is in it: LF or CRLF, a byte order mark at the very beginning is dropped.
class LineReader {
public:
    static constexpr std::size_t longest = 64 * 1024;

    explicit LineReader(const std::string& path);
    bool opened() const { return file_ != nullptr; }

    /// The next line, valid until the call after; false at the end. A line longer than `longest` comes empty, `too_long` set.
    bool next();
    std::string_view line() const { return line_; }
    std::uint64_t number() const { return number_; }
    bool too_long() const { return too_long_; }
    bool failed() const { return std::ferror(file_.get()) != 0; }

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    bool refill();
    bool give(std::size_t size, std::size_t eaten);

    std::unique_ptr<std::FILE, Close> file_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0;
    std::string_view line_;
    std::uint64_t number_ = 0;
    bool too_long_ = false;
};

/// The fields of one CSV line, quotes and the blanks around them removed; a doubled quote inside stays doubled.
/// At most `most`: what follows is dropped. Views into `line`.
void split_csv(std::string_view line, std::vector<std::string_view>& into, std::size_t most = 256);

}  // namespace ballast::sim
