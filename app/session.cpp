#include "app/session.hpp"

#include "app/receipt.hpp"
#include "app/status.hpp"
#include "model/utc.hpp"
#include "controller/clock.hpp"
#include "wire/plain_json.hpp"

#include <boost/asio.hpp>
#include <boost/json.hpp>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <set>

namespace ballast {

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr Duration state_every{1'000};       ///< And at once when something was decided.
constexpr Duration first_receipt{31'000}, receipt_every{60'000}, last_receipt{901'000};
constexpr std::chrono::seconds drivers_end{3};

void rethrow(std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
}

/// An event's id as one level of a topic: what MQTT gives a meaning becomes an underscore.
std::string topic_level(std::string id) {
    for (char& c : id)
        if (c == '/' || c == '+' || c == '#' || c == '\0') c = '_';
    return id;
}

/// What is wrong with the journal, and the remedy. One that was only slow may have caught up before anybody asked.
std::string trouble_of(const Journal& journal) {
    std::string trouble = journal.trouble();
    return trouble.empty() ? fmt::format("the journal's disk took longer than {} ms, and has caught up since", journal_patience.count()) : trouble;
}

/// What somebody should look into is a warning.
spdlog::level::level_enum level_of(NoteKind kind) {
    switch (kind) {
    case NoteKind::source_stale:
    case NoteKind::meter_stale:
    case NoteKind::shortfall:
    case NoteKind::promise_short:
    case NoteKind::contactor_opens:
    case NoteKind::tripped:
    case NoteKind::latched:
    case NoteKind::disarmed:
    case NoteKind::disarmed_ignores:
    case NoteKind::contested:
    case NoteKind::channel_silent:
    case NoteKind::channels_disagree:
    case NoteKind::conflict:
    case NoteKind::notice:
    case NoteKind::local:
    case NoteKind::raises_stopped:
    case NoteKind::signals_full:
    case NoteKind::call_covered:
    case NoteKind::calls_joined:
    case NoteKind::unanswered:
    case NoteKind::began_unanswered:
    case NoteKind::beyond_quota:
    case NoteKind::beyond_quota_obeyed:
    case NoteKind::orphaned:
    case NoteKind::messages_lost:
    case NoteKind::clock_jump: return spdlog::level::warn;
    default: return spdlog::level::info;
    }
}

void tell(const std::string& line) {
    if (!line.empty()) spdlog::info("{}", line);
}

/// Calls that became one with another: that they begin and are over is told by that, once a minute.
struct Joined {
    std::set<EventId> stands;
    std::set<std::pair<std::uint32_t, std::string>> gone;  ///< Source and id.

    bool told_by_that(const Note& note) const {
        return (note.kind == NoteKind::event_opened && stands.contains(note.event)) || (note.kind == NoteKind::event_closed && gone.contains({note.number, note.text}));
    }
};

Joined joined_in(std::span<const Note> notes) {
    Joined joined;
    for (const Note& note : notes) {
        if (note.kind != NoteKind::calls_joined) continue;
        joined.stands.insert(note.event);
        joined.gone.emplace(note.number, note.text);
    }
    return joined;
}

bool is_overflow(NoteKind kind) { return kind == NoteKind::signals_full || kind == NoteKind::call_covered || kind == NoteKind::calls_joined; }

}  // namespace

/// People read the log; the journal has it all.
void Session::log(const Step& step) {
    for (const Event& event : step.heard)
        if (const auto* rejected = std::get_if<Rejected>(&event)) refused_.warn("refused: {}", rejected->detail);
    const auto joined = joined_in(step.decision.notes);
    for (const Note& note : step.decision.notes)
        if (note.kind != NoteKind::latched && note.kind != NoteKind::contested && !joined.told_by_that(note)) log(note, step.engine.site());
    if (const auto sentence = latched_sentence(step.decision.notes, step.engine.site()); !sentence.empty()) spdlog::warn("{}", sentence);
    if (const auto sentence = contested_sentence(step.decision.notes, step.engine.site()); !sentence.empty()) spdlog::warn("{}", sentence);
    if (!step.decision.orders.empty()) {
        std::size_t up = 0, down = 0;
        for (const Order& order : step.decision.orders) (raises(order.rung) ? up : down) += order.loads.size();
        tell(ordered_.ordered(step.now.steady, down, up));
    }
    if (!leaving_)
        for (const std::string& line : unknown_prices_.changed(step.decision, step.engine.state())) spdlog::warn("{}", line);
    std::size_t given_up = 0;
    for (const Miss& miss : step.decision.misses) given_up += miss.given_up;
    if (!step.decision.misses.empty())
        spdlog::warn("{} load(s) were not seen to obey in time, {} given up for now; `ballast receipt` names them", step.decision.misses.size(), given_up);
}

/// What closes is called as it was when it opened; of what opened before this session only the number is known.
void Session::log(const Note& note, const Site& site) {
    Note told = note;
    if (note.kind == NoteKind::event_closed) {
        if (const auto opened = receipts_.receipt(note.event)) told.text = opened->name;
        else told.text = fmt::format("{} (number {})", note.text, static_cast<std::uint32_t>(note.event));
    }
    auto sentence = sentence_of(told, site);
    if (is_overflow(note.kind)) sentence = overflows_.told(steady_now(), note, sentence);
    if (!sentence.empty()) spdlog::log(level_of(note.kind), "{}", sentence);
    if (note.kind == NoteKind::raises_stopped) unwritten_.warn("{}", trouble_of(journal_));
}

Session::Session(const Config& config, const SiteModel& model, std::vector<Policy> policies, const Snapshot& start, EpochCause cause, Journal& journal, bool send)
    : config_{config}, journal_{journal}, mailbox_{model.site.loads.size(), model.site.meters.size(), [this] { loop_.notify(); }},
      wiring_{wire_up(config, model, io_.get_executor(), send)},
      loop_{io_, Engine{model.site, std::move(policies), start, read_clocks().now}, mailbox_, journal, wiring_.by_group, {.send = send, .cause = cause, .files = epoch_files(config), .trippers = wiring_.trippers}},
      words_{mailbox_}, floor_{io_.get_executor(), [this, &model] { return floor_state(loop_.engine().state(), model.site, read_clocks().now, orders_, wiring_.notes->read()); }},
      http_{config.http, word_socket_of(config.journal.path), published_, words_, send && cause == EpochCause::start, &floor_},
      leaving_{cause == EpochCause::leave} {
    receipts_.begin_epoch(loop_.engine().site(), read_clocks().now);
    loop_.watch = [this](const Step& step) { watch(step); };
    loop_.beat = [this] {
        ::sd_notify(0, "WATCHDOG=1");
        if (wiring_.heartbeat) wiring_.heartbeat();
        tell(ordered_.due(steady_now()));
    };
}

Session::~Session() = default;

Snapshot Session::snapshot() const { return loop_.engine().snapshot(read_clocks().now); }

void Session::watch(const Step& step) {
    words_.answered(step.heard, step.decision);
    orders_.step(step.decision);
    log(step);
    if (leaving_) leave_when_done(step);
    publish_events(step);
    publish_notices(step);
    if (!step.decision.says_something() && step.now.steady < next_state_) return;
    next_state_ = step.now.steady + state_every;
    std::string state = wire::state_json(report_of(step));
    if (wiring_.broker) wiring_.broker->publish("ballast/" + config_.site.name + "/state", state, 1, true);
    published_.put(std::move(state));
}

/// Who leaves need not wait longer than until everybody was seen to be as [site] on_exit says.
void Session::leave_when_done(const Step& step) {
    const bool wake = config_.site.on_exit == OnExit::wake;
    const State& state = step.engine.state();
    const auto done = [&](const Site::Group& group) {
        if (group.tier != Tier::interruptible || (group.driver == "contactor" && !wake)) return true;
        return std::all_of(state.loads.begin() + group.loads.first, state.loads.begin() + group.loads.last, [&](const LoadState& l) { return l.on == wake && l.seen; });
    };
    if (std::ranges::all_of(step.engine.site().groups, done)) loop_.stop();
}

namespace {

std::string notice_json(const Config& config, const Site& site, const Note& note, const Notice* notice, Instant at) {
    const Site::Group& group = site.groups[note.number];
    boost::json::object json{{"site", config.site.name}, {"time", utc_text(at)}, {"group", group.name}, {"owner", group.owner}, {"asked", notice != nullptr}, {"policy", note.text}};
    json["event"] = static_cast<std::uint32_t>(note.event);
    json["reduce_w"] = notice ? notice->power.count : 0;
    json["deadline"] = notice ? boost::json::value{utc_text(notice->deadline)} : boost::json::value{};
    return wire::plain_json(json);
}

}  // namespace

/// Retained, so that an owner who connects later finds what is asked, or that nothing is any more.
void Session::publish_notices(const Step& step) {
    const Site& site = step.engine.site();
    for (const Note& note : step.decision.notes) {
        if (!wiring_.broker || (note.kind != NoteKind::notice && note.kind != NoteKind::notice_over)) continue;
        const auto& notices = step.engine.state().notices;
        auto stands = notices.end();  // The one that asks for most.
        for (auto n = notices.begin(); n != notices.end(); ++n)
            if (index(n->group) == note.number && (stands == notices.end() || n->power > stands->power)) stands = n;
        const auto group = std::ranges::find(config_.groups, site.groups[note.number].name, &GroupConfig::name);
        const bool own = group != config_.groups.end() && !group->notice_topic.empty();
        const std::string topic = own ? group->notice_topic : "ballast/" + config_.site.name + "/notice/" + site.groups[note.number].name;
        wiring_.broker->publish(topic, notice_json(config_, site, note, stands == notices.end() ? nullptr : &*stands, step.now.utc), 1, true);
    }
}

/// Each event's receipt: while it is open after 30 s and then each minute, when it is over, and last when the settlement
/// intervals that it touched are whole.
void Session::publish_events(const Step& step) {
    receipts_.step(step.now, step.heard, step.decision);
    if (!wiring_.broker) return;
    const auto tell = [&](EventId event) {  // True: it goes on.
        const auto receipt = receipts_.receipt(event);
        if (!receipt) return false;
        const std::string& site = config_.site.name;
        wiring_.broker->publish("ballast/" + site + "/event/" + topic_level(receipt->name), wire::plain_json(receipt_json(*receipt, site, verdict_of(config_, *receipt))), 1, false);
        return !receipt->closed;
    };
    for (const EventId event : receipts_.just_closed()) {
        tell(event);
        next_receipt_[event] = step.now.steady + last_receipt;
    }
    for (const Note& note : step.decision.notes)
        if (note.kind == NoteKind::event_opened) next_receipt_[note.event] = step.now.steady + first_receipt;
    for (auto next = next_receipt_.begin(); next != next_receipt_.end();) {
        const bool due = next->second <= step.now.steady;
        if (due) next->second = step.now.steady + receipt_every;
        next = due && !tell(next->first) ? next_receipt_.erase(next) : std::next(next);
    }
}

void Session::start(Driver& driver) {
    auto& stop = stops_.emplace_back(std::make_unique<asio::cancellation_signal>());
    ++running_;
    auto running = driver.run(mailbox_);
    asio::co_spawn(io_, std::move(running), asio::bind_cancellation_slot(stop->slot(), [this](std::exception_ptr failure) {
        --running_;
        try {
            rethrow(failure);
        } catch (const boost::system::system_error& e) {
            if (e.code() != asio::error::operation_aborted) throw;  // Cancelled, as asked.
        }
    }));
}

asio::awaitable<void> Session::await_signals(std::function<bool()> accepts) {
    asio::signal_set signals{io_, SIGINT, SIGTERM, SIGHUP};
    for (;;) {
        const auto [failed, signal] = co_await signals.async_wait(as_values);
        if (failed) co_return;
        if (signal == SIGHUP && !accepts()) continue;
        end_ = signal == SIGHUP ? End::reload : End::stop;
        spdlog::info("{}", end_ == End::reload ? "reloading" : "stopping");
        ::sd_notify(0, end_ == End::reload ? "RELOADING=1" : "STOPPING=1");
        loop_.stop();
        co_return;
    }
}

Session::End Session::run(const std::function<bool()>& accepts, std::optional<std::chrono::seconds> last) {
    for (const auto& driver : wiring_.drivers) start(*driver);
    asio::cancellation_signal no_more_signals;
    asio::co_spawn(io_, await_signals(accepts), asio::bind_cancellation_slot(no_more_signals.slot(), rethrow));
    asio::steady_timer time_up{io_};
    if (last) {
        time_up.expires_after(*last);
        time_up.async_wait([this](boost::system::error_code failed) { if (!failed) loop_.stop(); });
    }
    bool ended = false;
    asio::co_spawn(io_, loop_.run(), [&](std::exception_ptr failure) {
        ended = true;
        rethrow(failure);
    });
    ::sd_notify(0, "READY=1");
    while (!ended) io_.run_one();
    time_up.cancel();
    no_more_signals.emit(asio::cancellation_type::total | asio::cancellation_type::terminal);
    stop_drivers();
    ended = false;
    io_.restart();  // It stops when nothing is left to wait for.
    asio::co_spawn(io_, loop_.last_step(), [&](std::exception_ptr failure) {
        ended = true;
        rethrow(failure);
    });
    while (!ended) io_.run_one();
    tell(ordered_.rest());
    return end_;
}

/// Each ends where it can; one that will not is left behind with the io_context.
void Session::stop_drivers() {
    for (const auto& stop : stops_) stop->emit(asio::cancellation_type::terminal);
    const auto until = std::chrono::steady_clock::now() + drivers_end;
    while (running_ > 0 && io_.run_one_until(until) > 0) {}
}

}  // namespace ballast
