#pragma once
#include "controller/loop.hpp"
#include "wire/state_json.hpp"

#include <cstdint>
#include <span>

namespace ballast {

/// What the site looks like after a step, for `ballast/<site>/state` and GET /state. O(loads) for what could come back.
wire::StateReport report_of(const Step& step);

/// What people are told of a note: "source utility is silent"; empty for what is not worth a line.
std::string sentence_of(const Note& note, const Site& site);

/// One line for all that were found woken by somebody else in a step, once too often; empty for none.
std::string contested_sentence(std::span<const Note> notes, const Site& site);

/// One line for all that latched in a step, however many; empty for none.
std::string latched_sentence(std::span<const Note> notes, const Site& site);

}  // namespace ballast
