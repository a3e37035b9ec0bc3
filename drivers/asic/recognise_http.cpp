#include "drivers/asic/recognise.hpp"
#include "wire/antminer.hpp"
#include "wire/axeos.hpp"
#include "wire/braiins.hpp"
#include "wire/epic.hpp"
#include "wire/loose_json.hpp"
#include "wire/vnish.hpp"

#include <fmt/format.h>

#include <utility>

namespace ballast::asic {
namespace {

constexpr std::string_view antminer_realm = "antMiner Configuration";

}  // namespace

const Login* Recogniser::login_for(AsicProtocol make) const {
    const auto given = questions_.logins.find(make);
    return given == questions_.logins.end() ? nullptr : &given->second;
}

void Recogniser::at_http(std::string_view bytes, wire::cgminer::Parser& parser) {
    const auto answer = wire::http::parse(bytes, true);
    if (!answer) return silent(Outcome::closed);
    if (step_ == Step::antminer_who || (found_.make != AsicProtocol::antminer && is_antminer(*answer))) return antminer(*answer, parser);
    if (!answer->succeeded()) {
        if (step_ == Step::braiins_login) return remark("does not take this user and password"), void(step_ = Step::over);
        return silent(Outcome::closed);
    }
    switch (step_) {
    case Step::epic_capabilities:
    case Step::epic_network:
    case Step::epic_summary: return epic(answer->body, parser);
    case Step::axeos_info: return axeos(answer->body, parser);
    case Step::vnish_info:
    case Step::vnish_status: return vnish(answer->body, parser);
    default: return braiins(answer->body, parser);
    }
}

void Recogniser::epic(std::string_view body, wire::cgminer::Parser& parser) {
    if (step_ == Step::epic_capabilities) {
        auto model = wire::epic::parse_capabilities(parser, body);
        if (!model) return silent(Outcome::closed);
        is(AsicProtocol::epic, questions_.doors.api);
        found_.model = *std::move(model);
        step_ = Step::epic_network;
    } else if (step_ == Step::epic_network) {
        found_.mac = wire::epic::parse_network(parser, body).value_or(std::nullopt);
        step_ = Step::epic_summary;
    } else {
        step_ = Step::over;
        const auto said = wire::epic::parse_summary(parser, body);
        if (!said) return;
        found_.draws = said->power;
        if (!said->state.empty()) found_.mode = said->idles() ? Mode::asleep : Mode::running;
    }
}

void Recogniser::axeos(std::string_view body, wire::cgminer::Parser& parser) {
    const auto said = wire::axeos::parse_info(parser, body);
    if (!said || !said->mac || said->model.empty()) return silent(Outcome::closed);
    is(AsicProtocol::axeos, questions_.doors.http);
    found_.mac = said->mac;
    found_.model = "Bitaxe " + said->model;
    found_.firmware = said->version;
    found_.draws = said->power;
    if (said->paused) found_.mode = *said->paused ? Mode::asleep : Mode::running;
    else if (said->gigahashes.value_or(0) > 0) found_.mode = Mode::running;
    step_ = Step::over;
}

void Recogniser::vnish(std::string_view body, wire::cgminer::Parser& parser) {
    if (step_ == Step::vnish_info) {
        auto said = wire::vnish::parse_info(parser, body);
        if (!said || (!said->mac && said->firmware.empty())) return silent(Outcome::closed);
        is(AsicProtocol::vnish, questions_.doors.http);
        found_.mac = said->mac;
        found_.model = std::move(said->model);
        found_.serial = std::move(said->serial);
        found_.firmware = std::move(said->firmware);
        step_ = Step::vnish_status;
        return;
    }
    step_ = Step::over;
    const auto state = wire::vnish::parse_status(parser, body);
    if (state) found_.mode = *state == "stopped" ? Mode::asleep : *state == "mining" ? Mode::running : Mode::unknown;
}

/// Its password goes in plain text, and whoever says three numbers passes for it: that is not enough where a network is swept.
void Recogniser::braiins(std::string_view body, wire::cgminer::Parser& parser) {
    if (step_ == Step::braiins_version) {
        const auto reply = parser.parse(body);
        const auto part = [&](std::string_view key) { return reply && wire::loose::whole(*reply->body, key).has_value(); };
        if (!part("major") || !part("minor") || !part("patch")) return silent(Outcome::closed);
        is(AsicProtocol::braiins, questions_.doors.http);
        const bool given = login_for(AsicProtocol::braiins) != nullptr, sure = braiins_ || thorough_;
        step_ = given && sure ? Step::braiins_login : Step::over;
        if (!given) remark("tells no mac without a login");
        else if (!sure) remark(fmt::format("is told no password, as port {} does not say that it is Braiins OS: name its address by itself", questions_.doors.api));
    } else if (step_ == Step::braiins_login) {
        auto login = wire::braiins::parse_login(parser, body);
        if (!login) return silent(Outcome::closed);
        token_ = std::move(login->token);
        step_ = Step::braiins_details;
    } else {
        auto said = wire::braiins::parse_details(parser, body);
        if (!said) return silent(Outcome::closed);
        found_.mac = said->mac;
        found_.model = std::move(said->model);
        found_.serial = std::move(said->uid);
        found_.firmware = std::move(said->firmware);
        found_.rated_gigahashes = said->sticker_gigahashes;
        if (said->status == wire::braiins::Status::normal) found_.mode = Mode::running;
        if (said->status == wire::braiins::Status::paused) found_.mode = Mode::asleep;
        step_ = Step::over;
    }
}

/// Whatever page it is asked for, it wants to know first who asks, and says in whose name.
bool Recogniser::is_antminer(const wire::http::Answer& answer) {
    if (answer.status != 401) return false;
    auto challenge = wire::digest::parse_challenge(answer.www_authenticate);
    if (!challenge || !wire::loose::same(challenge->realm, antminer_realm)) return false;
    challenge_ = *std::move(challenge);
    return true;
}

void Recogniser::antminer(const wire::http::Answer& answer, wire::cgminer::Parser& parser) {
    if (step_ != Step::antminer_who) {
        is(AsicProtocol::antminer, questions_.doors.http);
        step_ = login_for(AsicProtocol::antminer) ? Step::antminer_who : Step::over;
        if (step_ == Step::over) remark("tells no mac without a login");
        return;
    }
    step_ = Step::over;
    if (answer.status == 401) return remark("does not take this user and password");
    auto said = wire::antminer::parse_system_info(parser, answer.body);
    if (!said || !answer.succeeded()) return remark("told no mac, though it was logged on to");
    found_.mac = said->mac;
    if (!said->type.empty()) found_.model = std::move(said->type);
    found_.serial = std::move(said->serial);
    found_.firmware = std::move(said->firmware);
}

}  // namespace ballast::asic
