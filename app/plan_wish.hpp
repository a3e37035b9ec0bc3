#pragma once
#include "app/site_of.hpp"
#include "model/event.hpp"
#include "model/result.hpp"

#include <string>
#include <vector>

namespace ballast {

/// Exactly one of `limit`, `price` and `event` is given.
struct PlanOptions {
    std::string site_file;
    std::string limit;    ///< "12MW": at most so much at the grid connection.
    std::string price;    ///< "85": in the site's currency per MWh.
    std::string event;    ///< A file with a signal in our own JSON (docs/mqtt.md).
    std::string signal;   ///< Whose word it is to be; empty: that of the first policy that listens to such a word.
    bool machines = false;
    bool json = false;
};

/// What is asked of the site, as the signal that would say so.
struct Wish {
    Signal signal;                     ///< As it was said; its times are its own.
    std::string who;                   ///< Whose word it is.
    std::string text;                  ///< "utility asked the site to draw at most 12.000 MW"
    std::vector<std::string> remarks;  ///< Where the plan is not what would happen, and why.
};

/// A limit can be asked about on any site: one without a dispatch policy gets the usual one, that hears nobody but the
/// operator. True if it did.
bool hear_limits(Config& config);

/// "12MW"; the error says what is allowed.
Result<Power> power_of(const std::string& text);

/// Errors: what was wished cannot be meant, each with what is allowed.
Result<Wish> wish_of(const Config& config, const SiteModel& model, const PlanOptions& options);

}  // namespace ballast
