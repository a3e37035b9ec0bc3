#include "app/person.hpp"

#include "model/names.hpp"
#include "wire/plain_json.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <array>

namespace ballast {

namespace json = boost::json;

namespace {

constexpr std::array words{Word::hold, Word::lockout, Word::abort, Word::clear, Word::maintenance, Word::override_};
constexpr std::int64_t longest_s = 31 * 86'400, most_limit_w = 10'000'000'000;

std::string a(Word word) { return fmt::format("{} {}", word == Word::override_ ? "an" : "a", name_of(word)); }

Result<std::string> text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (!value || !value->is_string() || value->as_string().empty() || value->as_string().size() > most_said)
        return fail(Errc::malformed, fmt::format("\"{}\" must be a text of 1 to {} bytes", key, most_said));
    return std::string{value->as_string()};
}

constexpr bool must_expire(Word word) { return word == Word::hold || word == Word::maintenance || word == Word::override_; }

/// A lockout stands until it is cleared; so does an abort that does not say for how long.
Result<Duration> lasts_of(const json::object& object, Word word) {
    const json::value* lasts = object.if_contains("lasts_s");
    const bool may = must_expire(word) || word == Word::abort;
    const std::int64_t least = must_expire(word) ? 1 : 0;
    if (!may || (!lasts && least == 0)) return Duration{0};
    if (!lasts || !lasts->is_int64() || lasts->as_int64() < least || lasts->as_int64() > longest_s)
        return fail(Errc::malformed, fmt::format("\"lasts_s\" must be a whole number of seconds from {} to {}{}", least, longest_s, least > 0 ? fmt::format(": {} expires", a(word)) : ""));
    return std::chrono::seconds{lasts->as_int64()};
}

}  // namespace

Result<void> PersonsWords::say(OperatorWord word, std::chrono::seconds patience) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    auto answer = promise->get_future();
    {
        const std::lock_guard lock{mutex_};
        waiting_.push_back(promise);
        mailbox_.put(std::move(word));
    }
    if (answer.wait_for(patience) != std::future_status::ready)
        return fail(Errc::timeout, "the daemon did not answer; it may still hear the word: look at its log");
    return answer.get();
}

void PersonsWords::answered(std::span<const Event> heard, const Decision& decision) {
    std::size_t refusal = 0;
    for (const Event& event : heard) {
        const auto* word = std::get_if<OperatorWord>(&event);
        if (!word) continue;
        const std::lock_guard lock{mutex_};
        if (waiting_.empty()) continue;
        Result<void> result;
        for (; refusal < decision.notes.size(); ++refusal) {
            const Note& note = decision.notes[refusal];
            if (note.kind != NoteKind::word_refused || note.text.find(word->target) == std::string::npos) continue;
            result = fail(Errc::refused, note.text);
            break;
        }
        if (result) refusal = 0;
        waiting_.front()->set_value(std::move(result));
        waiting_.pop_front();
    }
}

Result<OperatorWord> parse_word(std::string_view text) {
    boost::system::error_code failed;
    const json::value parsed = json::parse(text, failed, {}, {.max_depth = 4});
    if (failed || !parsed.is_object()) return fail(Errc::malformed, "not a JSON object");
    const json::object& object = parsed.as_object();
    OperatorWord word;
    const auto said = text_at(object, "word"), target = text_at(object, "target"), who = text_at(object, "who"), why = text_at(object, "why");
    for (const auto* part : {&said, &target, &who, &why})
        if (!*part) return tl::unexpected{part->error()};
    const auto known = std::ranges::find(words, *said, [](Word w) { return name_of(w); });
    if (known == words.end()) return fail(Errc::malformed, fmt::format("\"word\" is \"{}\"; allowed: hold, lockout, abort, clear, maintenance, override", *said));
    word = {*known, *target, *who, *why, Duration{0}};
    if (const auto lasts = lasts_of(object, word.word); lasts) word.lasts = *lasts;
    else return tl::unexpected{lasts.error()};
    if (const json::value* force = object.if_contains("force")) {
        if (!force->is_bool() || (word.word != Word::abort && force->as_bool())) return fail(Errc::malformed, "\"force\" must be true or false, and is of an abort only");
        word.force = force->as_bool();
    }
    if (const json::value* limit = object.if_contains("limit_w")) {
        if (word.word != Word::override_ || !limit->is_int64() || limit->as_int64() < 0 || limit->as_int64() > most_limit_w)
            return fail(Errc::malformed, fmt::format("\"limit_w\" must be a whole number of watts from 0 to {}, and is of an override only", most_limit_w));
        word.limit = Power{limit->as_int64()};
    }
    return word;
}

std::string word_json(const OperatorWord& word) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(word.lasts).count();
    json::object object{{"word", name_of(word.word)}, {"target", word.target}, {"who", word.who}, {"why", word.why}, {"lasts_s", seconds}};
    if (word.force) object["force"] = true;
    if (word.word == Word::override_ && word.limit != Power::max()) object["limit_w"] = word.limit.count;
    return wire::plain_json(object);
}

std::string word_socket_of(const std::string& journal_path) { return journal_path + ".sock"; }

}  // namespace ballast
