#include "wire/cgminer.hpp"

#include <algorithm>

namespace ballast::wire::cgminer {
namespace {

constexpr std::size_t deepest = 30;  ///< Below what the strict parser takes.

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The grammar of RFC 8259, section 6.
bool is_number(std::string_view s) {
    std::size_t at = 0;
    const auto digits = [&] {
        const std::size_t from = at;
        while (at < s.size() && is_digit(s[at])) ++at;
        return at > from;
    };
    if (at < s.size() && s[at] == '-') ++at;
    const bool zero = at < s.size() && s[at] == '0';
    const std::size_t from = at;
    if (!digits() || (zero && at - from > 1)) return false;
    if (at < s.size() && s[at] == '.' && (++at, !digits())) return false;
    if (at < s.size() && (s[at] == 'e' || s[at] == 'E')) {
        ++at;
        if (at < s.size() && (s[at] == '+' || s[at] == '-')) ++at;
        if (!digits()) return false;
    }
    return at == s.size() && s.size() < 300;
}

/// Length of the valid UTF-8 sequence at the start, 0 if there is none (RFC 3629).
std::size_t utf8_length(std::string_view s) {
    const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
    const unsigned b0 = byte(0), b1 = byte(1);
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
    if (b0 < 0x80) return 1;
    if (b0 >= 0xc2 && b0 <= 0xdf) return tail(1) ? 2 : 0;
    if ((b0 & 0xf0u) == 0xe0u) {
        const bool in_range = !(b0 == 0xe0 && b1 < 0xa0) && !(b0 == 0xed && b1 > 0x9f);
        return in_range && tail(1) && tail(2) ? 3 : 0;
    }
    if (b0 >= 0xf0 && b0 <= 0xf4) {
        const bool in_range = !(b0 == 0xf0 && b1 < 0x90) && !(b0 == 0xf4 && b1 > 0x8f);
        return in_range && tail(1) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

/// Appends one character of a string's inside, made valid; returns how many bytes of `rest` it took.
std::size_t append_character(std::string& out, std::string_view rest) {
    const char c = rest.front();
    if (static_cast<unsigned char>(c) < 0x20) {
        if (c != '\n' && c != '\r') out += ' ';
        return 1;
    }
    if (c != '\\') {
        const std::size_t length = utf8_length(rest);
        if (length == 0) out += "\xef\xbf\xbd";
        else out += rest.substr(0, length);
        return std::max<std::size_t>(length, 1);
    }
    const char escape = rest.size() > 1 ? rest[1] : '\0';
    if (std::string_view{"\"\\/bfnrt"}.find(escape) != std::string_view::npos && escape != '\0') {
        out += rest.substr(0, 2);
        return 2;
    }
    const bool coded = escape == 'u' && rest.size() >= 6 && std::ranges::all_of(rest.substr(2, 4), is_hex);
    if (!coded) {
        out += "\\\\";
        return 1;
    }
    // Surrogates come in pairs or not at all; nothing we read needs them.
    const bool surrogate = (rest[2] == 'd' || rest[2] == 'D') && !(rest[3] >= '0' && rest[3] <= '7');
    if (surrogate) out += "\\ufffd";
    else out += rest.substr(0, 6);
    return 6;
}

bool same_word(std::string_view a, std::string_view lower) {
    return std::ranges::equal(a, lower, {}, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

/// Reads brackets, strings and words, takes commas for blanks, and writes what they must have meant.
class Mender {
public:
    Mender(std::string_view in, std::string& out) : in_{in}, out_{out} {}

    bool run() {
        out_.clear();
        while (at_ < in_.size() && !broken_) {
            const char c = in_[at_];
            if (c == '{' || c == '[') open(c);
            else if (c == '}' || c == ']') close(c);
            else if (c == '"') string();
            else if (c == ',' || c == ':' || static_cast<unsigned char>(c) <= ' ') ++at_;
            else word();
        }
        while (depth_ > 0) pop();
        return !broken_ && !out_.empty() && out_.front() == '{';
    }

private:
    struct Level {
        char bracket = '{';   ///< As it was opened, and so as it is closed.
        bool object = true;   ///< As it is written.
        bool empty = true;
        bool keyed = false;   ///< A key was written, its value was not.
        std::size_t opened = 0;
    };

    Level& top() { return levels_[depth_ - 1]; }

    void push(char bracket) {
        if (depth_ >= deepest) {
            broken_ = true;
            return;
        }
        levels_[depth_++] = Level{bracket, bracket == '{', true, false, out_.size()};
        out_ += bracket;
    }

    void pop() {
        if (top().object && top().keyed) out_ += "null";
        out_ += top().object ? '}' : ']';
        --depth_;
    }

    /// The root was closed too early: goes on within it. False: there is no object to go on with.
    bool resume() {
        if (out_.empty()) {
            push('{');
            return true;
        }
        if (out_.front() != '{') return false;
        const bool empty = out_.size() == 2;
        out_.pop_back();
        levels_[depth_++] = Level{'{', true, empty, false, 0};
        return true;
    }

    void separate() {
        if (!top().empty) out_ += ',';
        top().empty = false;
    }

    void before_value() {
        if (top().object && !top().keyed) {
            separate();
            out_ += "\"\":";
        } else if (!top().object) {
            separate();
        }
        top().keyed = false;
    }

    void open(char bracket) {
        ++at_;
        if (depth_ == 0 && !out_.empty()) {
            broken_ = !resume();
            if (bracket == '{') return;
        }
        if (broken_) return;
        if (depth_ > 0) before_value();
        push(bracket);
    }

    void close(char bracket) {
        ++at_;
        const char opener = bracket == '}' ? '{' : '[';
        std::size_t wanted = depth_;
        while (wanted > 0 && levels_[wanted - 1].bracket != opener) --wanted;
        if (wanted == 0) return;
        while (depth_ >= wanted) pop();
    }

    bool takes_colon() {
        std::size_t next = at_;
        while (next < in_.size() && static_cast<unsigned char>(in_[next]) <= ' ') ++next;
        if (next >= in_.size() || in_[next] != ':') return false;
        at_ = next + 1;
        return true;
    }

    void string() {
        text_ = "\"";
        for (++at_; at_ < in_.size() && in_[at_] != '"';) at_ += append_character(text_, in_.substr(at_));
        if (at_ >= in_.size()) return;  // Cut off: left out.
        ++at_;
        text_ += '"';
        put(true);
    }

    void word() {
        const std::size_t from = at_;
        while (at_ < in_.size() && static_cast<unsigned char>(in_[at_]) > ' ' && std::string_view{",:{}[]\""}.find(in_[at_]) == std::string_view::npos)
            ++at_;
        if (out_.empty()) {
            broken_ = true;  // It does not begin like a reply.
            return;
        }
        if (at_ >= in_.size() || depth_ == 0) return;  // Cut off, or after the end.
        const std::string_view said = in_.substr(from, at_ - from);
        bool plain = true;
        if (is_number(said)) text_ = said;
        else if (same_word(said, "true")) text_ = "true";
        else if (same_word(said, "false")) text_ = "false";
        else if (const auto bare = said.substr(said.front() == '-' || said.front() == '+' ? 1 : 0);
                 same_word(said, "null") || same_word(bare, "nan") || same_word(bare, "inf") || same_word(bare, "infinity"))
            text_ = "null";
        else {
            plain = false;
            text_ = "\"";
            for (std::size_t i = 0; i < said.size();) i += append_character(text_, said.substr(i));
            text_ += '"';
        }
        put(!plain);
    }

    /// `text_` is a value, or with a colon behind it a key.
    void put(bool quoted) {
        const bool colon = takes_colon();
        const bool headless = depth_ == 0 && out_.empty() && !colon;
        if (headless || (depth_ == 0 && !resume())) broken_ = true;
        if (broken_) return;
        if (!top().object && colon && top().empty) {
            out_[top().opened] = '{';
            top().object = true;
        }
        const bool key = top().object && (colon || !top().keyed);
        if (!key) {
            before_value();
            out_ += text_;
            return;
        }
        if (top().keyed) out_ += "null";
        separate();
        out_ += quoted ? text_ : '"' + text_ + '"';
        out_ += ':';
        top().keyed = true;
        if (!colon) {
            out_ += "null";
            top().keyed = false;
        }
    }

    std::string_view in_;
    std::string& out_;
    std::string text_;
    std::size_t at_ = 0, depth_ = 0;
    std::array<Level, deepest> levels_{};
    bool broken_ = false;
};

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '"') out += '\\';
        i += append_character(out, text.substr(i));
    }
    out += '"';
}

std::string_view cut(std::string_view& rest, char at) {
    const auto end = rest.find(at);
    const std::string_view head = rest.substr(0, end);
    rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
    return head;
}

/// `STATUS=S,Code=11,..|SUMMARY,Elapsed=3,..|` to `{"STATUS":[{..}],"SUMMARY":[{..}]}`; all values become strings.
bool from_text_form(std::string_view in, std::string& out) {
    out = "{";
    for (bool first = true; !in.empty();) {
        const bool whole = in.find('|') != in.npos;
        std::string_view fields = cut(in, '|');
        if (fields.empty() || !whole) continue;
        if (!std::exchange(first, false)) out += ',';
        std::string_view name = fields.substr(0, fields.find_first_of(",="));
        append_quoted(out, name);
        out += ":[{";
        for (bool lead = true; !fields.empty();) {
            std::string_view value = cut(fields, ',');
            if (value.find('=') == value.npos) continue;
            const std::string_view key = cut(value, '=');
            if (!std::exchange(lead, false)) out += ',';
            append_quoted(out, key);
            out += ':';
            append_quoted(out, value);
        }
        out += "}]";
    }
    out += '}';
    return out.size() > 2;
}

}  // namespace

bool repair(std::string_view bytes, std::string& into) {
    if (bytes.substr(0, 7) == "STATUS=") return from_text_form(bytes, into);
    return Mender{bytes, into}.run();
}

}  // namespace ballast::wire::cgminer
