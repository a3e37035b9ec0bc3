#pragma once
#include "model/event.hpp"
#include "model/order.hpp"
#include "model/site.hpp"

#include <string_view>

/// One word for each enumerator, as JSON, SQL and people see it; empty for a number that is none of them, which is how
/// a decoder tells. Switches without a default, so that a new enumerator without a name does not compile.
namespace ballast {

constexpr std::string_view name_of(SignalKind v) {
    switch (v) {
    case SignalKind::price: return "price";
    case SignalKind::dispatch: return "dispatch";
    case SignalKind::emergency: return "emergency";
    case SignalKind::release: return "release";
    case SignalKind::hashprice: return "hashprice";
    case SignalKind::arm: return "arm";
    case SignalKind::temperature: return "temperature";
    case SignalKind::heat: return "heat";
    case SignalKind::system_demand: return "system_demand";
    case SignalKind::peak_forecast: return "peak_forecast";
    case SignalKind::local: return "local";
    }
    return {};
}

constexpr std::string_view name_of(Ask v) {
    switch (v) {
    case Ask::full: return "full";
    case Ask::absolute: return "absolute";
    case Ask::relative: return "relative";
    }
    return {};
}

constexpr std::string_view name_of(Rejection v) {
    switch (v) {
    case Rejection::malformed: return "malformed";
    case Rejection::oversized: return "oversized";
    case Rejection::implausible: return "implausible";
    case Rejection::flooded: return "flooded";
    }
    return {};
}

constexpr std::string_view name_of(Quality v) {
    switch (v) {
    case Quality::measured: return "measured";
    case Quality::estimated: return "estimated";
    case Quality::bad: return "bad";
    }
    return {};
}

constexpr std::string_view name_of(Mode v) {
    switch (v) {
    case Mode::unknown: return "unknown";
    case Mode::running: return "running";
    case Mode::asleep: return "asleep";
    case Mode::off: return "off";
    case Mode::fault: return "fault";
    }
    return {};
}

constexpr std::string_view name_of(Fate v) {
    switch (v) {
    case Fate::accepted: return "accepted";
    case Fate::refused: return "refused";
    case Fate::unreachable: return "unreachable";
    case Fate::timed_out: return "timed_out";
    case Fate::withheld: return "withheld";
    }
    return {};
}

constexpr std::string_view name_of(Word v) {
    switch (v) {
    case Word::hold: return "hold";
    case Word::lockout: return "lockout";
    case Word::abort: return "abort";
    case Word::clear: return "clear";
    case Word::maintenance: return "maintenance";
    case Word::override_: return "override";
    }
    return {};
}

constexpr std::string_view name_of(Tier v) {
    switch (v) {
    case Tier::firm: return "firm";
    case Tier::flexible: return "flexible";
    case Tier::interruptible: return "interruptible";
    }
    return {};
}

constexpr std::string_view name_of(Workload v) {
    switch (v) {
    case Workload::batch: return "batch";
    case Workload::training: return "training";
    case Workload::inference: return "inference";
    }
    return {};
}

constexpr std::string_view name_of(FlexStep v) {
    switch (v) {
    case FlexStep::checkpoint: return "checkpoint";
    case FlexStep::power: return "power";
    case FlexStep::clock: return "clock";
    case FlexStep::sleep: return "sleep";
    }
    return {};
}

constexpr std::string_view name_of(Cause v) {
    switch (v) {
    case Cause::price: return "price";
    case Cause::dispatch: return "dispatch";
    case Cause::capacity: return "capacity";
    case Cause::emergency: return "emergency";
    case Cause::person: return "person";
    }
    return {};
}

constexpr std::string_view name_of(Reason v) {
    switch (v) {
    case Reason::price_above_strike: return "price_above_strike";
    case Reason::price_unknown_held: return "price_unknown_held";
    case Reason::price_unknown_shed: return "price_unknown_shed";
    case Reason::dispatched: return "dispatched";
    case Reason::dispatched_full: return "dispatched_full";
    case Reason::reduction_from_reference: return "reduction_from_reference";
    case Reason::source_silent_shed: return "source_silent_shed";
    case Reason::contract_limit: return "contract_limit";
    case Reason::armed_floor: return "armed_floor";
    case Reason::minimum_draw: return "minimum_draw";
    case Reason::beyond_quota: return "beyond_quota";
    case Reason::demand_peak: return "demand_peak";
    case Reason::coincident_peak: return "coincident_peak";
    case Reason::allowed_again: return "allowed_again";
    case Reason::called_back: return "called_back";
    case Reason::under_frequency: return "under_frequency";
    case Reason::still_standing: return "still_standing";
    case Reason::feeder_limit: return "feeder_limit";
    case Reason::ambient_derating: return "ambient_derating";
    case Reason::supply_lost: return "supply_lost";
    case Reason::cold_start: return "cold_start";
    case Reason::heat_demand: return "heat_demand";
    case Reason::maintenance: return "maintenance";
    case Reason::overridden: return "overridden";
    case Reason::run_regardless: return "run_regardless";
    case Reason::base_point: return "base_point";
    case Reason::programme_ceiling: return "programme_ceiling";
    case Reason::beyond_quota_obeyed: return "beyond_quota_obeyed";
    }
    return {};
}

constexpr std::string_view name_of(EscalateTo v) {
    switch (v) {
    case EscalateTo::repeat: return "repeat";
    case EscalateTo::power_off: return "power_off";
    case EscalateTo::contactor: return "contactor";
    }
    return {};
}

constexpr std::string_view name_of(Rung v) {
    switch (v) {
    case Rung::wake: return "wake";
    case Rung::close: return "close";
    case Rung::sleep: return "sleep";
    case Rung::power_off: return "power_off";
    case Rung::open: return "open";
    case Rung::checkpoint: return "checkpoint";
    case Rung::cap: return "cap";
    case Rung::uncap: return "uncap";
    }
    return {};
}

constexpr std::string_view name_of(Scope::Kind v) {
    switch (v) {
    case Scope::Kind::site: return "site";
    case Scope::Kind::feeder: return "feeder";
    case Scope::Kind::group: return "group";
    }
    return {};
}

constexpr std::string_view name_of(MissCause v) {
    switch (v) {
    case MissCause::no_answer: return "no_answer";
    case MissCause::refused: return "refused";
    case MissCause::not_obeyed: return "not_obeyed";
    case MissCause::unproven: return "unproven";
    case MissCause::contested: return "contested";
    }
    return {};
}

constexpr std::string_view name_of(NoteKind v) {
    switch (v) {
    case NoteKind::signal_accepted: return "signal_accepted";
    case NoteKind::signal_superseded: return "signal_superseded";
    case NoteKind::signal_older: return "signal_older";
    case NoteKind::signal_duplicate: return "signal_duplicate";
    case NoteKind::signal_from_future: return "signal_from_future";
    case NoteKind::signal_after_release: return "signal_after_release";
    case NoteKind::signal_over: return "signal_over";
    case NoteKind::signal_unknown_release: return "signal_unknown_release";
    case NoteKind::signal_without_reference: return "signal_without_reference";
    case NoteKind::signals_full: return "signals_full";
    case NoteKind::source_stale: return "source_stale";
    case NoteKind::source_back: return "source_back";
    case NoteKind::meter_stale: return "meter_stale";
    case NoteKind::meter_back: return "meter_back";
    case NoteKind::event_opened: return "event_opened";
    case NoteKind::event_closed: return "event_closed";
    case NoteKind::latched: return "latched";
    case NoteKind::cleared: return "cleared";
    case NoteKind::held: return "held";
    case NoteKind::hold_over: return "hold_over";
    case NoteKind::locked_out: return "locked_out";
    case NoteKind::aborted: return "aborted";
    case NoteKind::word_refused: return "word_refused";
    case NoteKind::shortfall: return "shortfall";
    case NoteKind::shortfall_over: return "shortfall_over";
    case NoteKind::raises_stopped: return "raises_stopped";
    case NoteKind::raises_resumed: return "raises_resumed";
    case NoteKind::contactor_opens: return "contactor_opens";
    case NoteKind::clock_jump: return "clock_jump";
    case NoteKind::call_covered: return "call_covered";
    case NoteKind::calls_joined: return "calls_joined";
    case NoteKind::messages_lost: return "messages_lost";
    case NoteKind::promise_short: return "promise_short";
    case NoteKind::promise_kept: return "promise_kept";
    case NoteKind::armed: return "armed";
    case NoteKind::tripped: return "tripped";
    case NoteKind::trip_over: return "trip_over";
    case NoteKind::supply_lost: return "supply_lost";
    case NoteKind::supply_back: return "supply_back";
    case NoteKind::disarmed: return "disarmed";
    case NoteKind::armed_again: return "armed_again";
    case NoteKind::disarmed_ignores: return "disarmed_ignores";
    case NoteKind::contested: return "contested";
    case NoteKind::channel_silent: return "channel_silent";
    case NoteKind::channel_back: return "channel_back";
    case NoteKind::channels_disagree: return "channels_disagree";
    case NoteKind::conflict: return "conflict";
    case NoteKind::conflict_over: return "conflict_over";
    case NoteKind::notice: return "notice";
    case NoteKind::notice_over: return "notice_over";
    case NoteKind::local: return "local";
    case NoteKind::local_over: return "local_over";
    case NoteKind::maintained: return "maintained";
    case NoteKind::maintenance_over: return "maintenance_over";
    case NoteKind::overridden: return "overridden";
    case NoteKind::override_over: return "override_over";
    case NoteKind::unanswered: return "unanswered";
    case NoteKind::orphaned: return "orphaned";
    case NoteKind::reference_estimated: return "reference_estimated";
    case NoteKind::rest_spent: return "rest_spent";
    case NoteKind::began_unanswered: return "began_unanswered";
    case NoteKind::beyond_quota: return "beyond_quota";
    case NoteKind::beyond_quota_obeyed: return "beyond_quota_obeyed";
    }
    return {};
}

}  // namespace ballast
