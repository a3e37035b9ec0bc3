#pragma once
#include "controller/mailbox.hpp"
#include "model/order.hpp"
#include "model/result.hpp"

#include <chrono>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <string>

namespace ballast {

constexpr std::size_t most_said = 200;  ///< Bytes of a target, of who says it, of why.

/// How a person's word reaches the loop and how its answer comes back. Words are answered in the order in which they
/// were said, by the step that heard them.
class PersonsWords {
public:
    explicit PersonsWords(Mailbox& mailbox) : mailbox_{mailbox} {}

    /// From any thread. The answer is an error with the reason if the word could not be obeyed; `timeout` if no step came.
    Result<void> say(OperatorWord word, std::chrono::seconds patience);

    /// A step heard this many words, with what was noted of them. On the loop's thread.
    void answered(std::span<const Event> heard, const Decision& decision);

private:
    Mailbox& mailbox_;
    std::mutex mutex_;
    std::deque<std::shared_ptr<std::promise<Result<void>>>> waiting_;
};

/// The JSON of a word: {"word":"lockout","target":"a-0001","who":"jo","why":"fan","lasts_s":3600}; errors name the field.
Result<OperatorWord> parse_word(std::string_view json);
std::string word_json(const OperatorWord& word);

/// Where a daemon with this journal listens for words.
std::string word_socket_of(const std::string& journal_path);

}  // namespace ballast
