#pragma once
#include "app/config.hpp"
#include "app/response_text.hpp"
#include "controller/shed_receipt.hpp"
#include "model/result.hpp"
#include "study/programme_score.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdio>
#include <string>

namespace ballast {

/// For people: what was asked, when it was passed on, what the meter showed, who did not obey.
std::string print(const ShedReceipt& receipt);
std::string print(const std::vector<LearnedGroup>& learned);

/// How the programme whose call this was judges it, in numbers and as "PASSED" or "MISSED" with its arithmetic.
struct Verdict {
    std::string programme;
    study::Score score;
    std::string sentence;
};

/// Nothing for what no programme called, or is not over.
std::optional<Verdict> verdict_of(const Config& config, const ShedReceipt& receipt);

/// `ballast/<site>/event/<id>` and `receipt --json`: docs/schema/event.json.
boost::json::object receipt_json(const ShedReceipt& receipt, const std::string& site, const std::optional<Verdict>& verdict);
boost::json::array learned_json(const std::vector<LearnedGroup>& learned);

class JournalReader;

struct FoundReceipt {
    ShedReceipt receipt;
    std::string site;
    std::optional<Verdict> verdict;
    std::vector<EventId> namesakes = {};     ///< Other events of the name that was asked for.
    std::vector<LearnedGroup> learned = {};  ///< Of the groups ordered: what was known of them when the epoch of its beginning began.
};

/// The newest event of that id, name or number, from the journal's steps. Errc::refused: it has none such, and which it has.
Result<FoundReceipt> find_receipt(const JournalReader& journal, const std::string& event);

struct ReceiptOptions {
    std::string journal;
    std::string event;  ///< A signal's id, an event's name or number; empty: list them.
    bool json = false;
};

/// `ballast receipt DB EVENT`. 0 done, 1 the journal failed us, 2 there is no such journal or event.
int receipt(const ReceiptOptions& options, std::FILE* out = stdout, std::FILE* errors = stderr);

}  // namespace ballast
