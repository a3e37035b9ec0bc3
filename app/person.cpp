#include "app/person.hpp"

#include "model/names.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

#include <array>

namespace ballast {

namespace json = boost::json;

namespace {

constexpr std::array words{Word::hold, Word::lockout, Word::abort, Word::clear};
constexpr std::int64_t longest_s = 31 * 86'400;

Result<std::string> text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (!value || !value->is_string() || value->as_string().empty() || value->as_string().size() > 200)
        return fail(Errc::malformed, fmt::format("\"{}\" must be a text of 1 to 200 bytes", key));
    return std::string{value->as_string()};
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
    if (known == words.end()) return fail(Errc::malformed, fmt::format("\"word\" is \"{}\"; allowed: hold, lockout, abort, clear", *said));
    word = {*known, *target, *who, *why, Duration{0}};
    if (word.word == Word::hold) {
        const json::value* lasts = object.if_contains("lasts_s");
        if (!lasts || !lasts->is_int64() || lasts->as_int64() < 1 || lasts->as_int64() > longest_s)
            return fail(Errc::malformed, fmt::format("\"lasts_s\" must be a whole number of seconds from 1 to {}: a hold expires", longest_s));
        word.lasts = std::chrono::seconds{lasts->as_int64()};
    }
    return word;
}

std::string word_json(const OperatorWord& word) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(word.lasts).count();
    return json::serialize(json::object{{"word", name_of(word.word)}, {"target", word.target}, {"who", word.who}, {"why", word.why}, {"lasts_s", seconds}});
}

std::string word_socket_of(const std::string& journal_path) { return journal_path + ".sock"; }

}  // namespace ballast
