#pragma once
#include "model/event.hpp"
#include "model/site.hpp"

namespace ballast {

/// What the contract says of a call. It neither softens nor ends an emergency: that has its own ramp, at once, until it says so.
inline Site::CallTerms terms_of(const Site& site, const Signal& signal) {
    Site::CallTerms terms = site.sources[index(signal.source)].terms;
    if (signal.kind == SignalKind::emergency) terms.notice = terms.default_ramp = Duration{0}, terms.at_most = Duration::max();
    return terms;
}

}  // namespace ballast
