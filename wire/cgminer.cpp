#include "wire/cgminer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ballast::wire::cgminer {
namespace {

constexpr std::string_view blanks = " \t\r\n";

json::parse_options strict_options() {
    json::parse_options options;
    options.max_depth = 32;
    return options;
}

std::string_view trimmed(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    const auto first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

std::string quoted(std::string_view text) {
    std::string out{text.substr(0, 60)};
    for (char& c : out)
        if (c < ' ' || c > '~') c = '?';
    return out;
}

void append_escaped(std::string& into, std::string_view text) {
    for (const char c : text) {
        if (c == '"' || c == '\\') into += '\\';
        into += c >= 0 && c < ' ' ? ' ' : c;
    }
}

Status status_of(const json::object& body) {
    Status status;
    const json::value* found = body.if_contains("STATUS");
    if (!found) return status;
    const json::object* said = found->if_object();
    if (const json::array* list = found->if_array(); list && !list->empty()) said = list->front().if_object();
    if (!said) said = &body;  // WhatsMiner: "STATUS":"S","Code":131 side by side.
    if (const json::value* kind = said->if_contains("STATUS"); kind && kind->is_string() && !kind->as_string().empty())
        status.kind = kind->as_string().front();
    if (const json::value* code = said->if_contains("Code")) {
        std::int64_t number = 0;
        if (const auto* whole = code->if_int64()) number = *whole;
        else if (const auto* text = code->if_string())
            for (const char c : std::string_view{*text}.substr(0, 9))
                if (c >= '0' && c <= '9') number = number * 10 + (c - '0');
        if (number > 0 && number < 1'000'000'000) status.code = static_cast<int>(number);
    }
    if (const json::value* message = said->if_contains("Msg"); message && message->is_string())
        status.message = std::string_view{message->as_string()};
    return status;
}

}  // namespace

void write_request(std::string& into, std::string_view command, std::string_view parameter) {
    into.assign(R"({"command":")");
    append_escaped(into, command);
    if (!parameter.empty()) {
        into += R"(","parameter":")";
        append_escaped(into, parameter);
    }
    into += "\"}";
}

Result<Request> parse_request(std::string_view bytes) {
    if (bytes.size() > most_bytes) return fail(Errc::oversized, fmt::format("request of {} bytes", bytes.size()));
    const std::string_view text = trimmed(bytes);
    if (!text.empty() && text.front() != '{') {
        const auto bar = text.find('|');
        return Request{std::string{text.substr(0, bar)}, bar == text.npos ? std::string{} : std::string{text.substr(bar + 1)}};
    }
    json::error_code broken;
    const json::value parsed = json::parse({text.data(), text.size()}, broken, {}, strict_options());
    const json::object* body = broken ? nullptr : parsed.if_object();
    const json::value* command = body ? body->if_contains("command") : nullptr;
    if (!command || !command->is_string()) return fail(Errc::malformed, fmt::format("request without a command: {}", quoted(text)));
    Request request{std::string{std::string_view{command->as_string()}}, {}};
    if (const json::value* parameter = body->if_contains("parameter"))
        request.parameter = parameter->is_string() ? std::string{std::string_view{parameter->as_string()}} : json::serialize(*parameter);
    return request;
}

bool Framing::feed(std::string_view chunk) {
    for (const char c : chunk) {
        if (c == '\0') return true;
        const bool blank = blanks.find(c) != blanks.npos;
        if (!begun_ && !blank) {
            begun_ = true;
            text_ = c != '{' && c != '[' && c != ',';
        }
        if (text_) {
            closed_ = c == '\n' || (closed_ && blank);
            continue;
        }
        if (!blank) closed_ = false;
        if (quoted_) {
            if (escaped_) escaped_ = false;
            else if (c == '\\') escaped_ = true;
            else if (c == '"') quoted_ = false;
        } else if (c == '"') {
            quoted_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
        } else if (c == '}' || c == ']') {
            depth_ = std::max(depth_ - 1, 0);
            closed_ = depth_ == 0;
        }
    }
    return closed_;
}

Parser::Parser()
    : parser_{{}, strict_options(), scratch_.data(), scratch_.size()} {}

bool Parser::strict(std::string_view text) {
    value_ = nullptr;
    parser_.reset();  // What a failed parse left behind lies in the memory given up next.
    resource_.emplace(memory_.data(), memory_.size());
    parser_.reset(&*resource_);
    json::error_code broken;
    parser_.write(text.data(), text.size(), broken);
    if (broken) return false;
    // Assigning across storages would copy; taking over the storage does not.
    value_.~value();
    ::new (&value_) json::value(parser_.release());
    return value_.is_object();
}

Result<Reply> Parser::parse(std::string_view bytes) {
    if (bytes.size() > most_bytes) return fail(Errc::oversized, fmt::format("reply of more than {} bytes", most_bytes));
    const std::string_view text = trimmed(bytes);
    Reply reply;
    if (!strict(text)) {
        reply.repaired = true;
        if (!repair(text, repaired_) || !strict(repaired_))
            return fail(Errc::malformed, text.empty() ? "empty reply" : fmt::format("no JSON object: {}", quoted(text)));
    }
    reply.body = &value_.get_object();
    reply.status = status_of(*reply.body);
    return reply;
}

}  // namespace ballast::wire::cgminer
