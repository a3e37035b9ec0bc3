#include "drivers/asic/recognise.hpp"

#include "drivers/asic/json_over_http.hpp"
#include "wire/braiins.hpp"
#include "wire/printable.hpp"
#include "wire/whatsminer2.hpp"

#include <fmt/format.h>

namespace ballast::asic {

Recogniser::Recogniser(const Questions& questions, std::string host, bool thorough) : questions_{questions}, host_{std::move(host)}, thorough_{thorough} {}

Request Recogniser::json(std::string_view command) {
    wire::cgminer::write_request(bytes_, command);
    return {.bytes = bytes_, .frame = Frame::json, .port = questions_.doors.api};
}

Request Recogniser::whatsminer2(std::string_view command) {
    wire::whatsminer2::write_request(bytes_, command);
    return {.bytes = bytes_, .frame = Frame::json, .port = questions_.doors.api};
}

std::optional<Request> Recogniser::http(std::uint16_t port, std::string_view method, std::string_view target, std::string_view body) {
    std::string proof;
    std::array<wire::http::Header, 2> headers;
    std::size_t used = 0;
    if (step_ == Step::antminer_who) {
        const Login& login = *login_for(AsicProtocol::antminer);
        auto made = wire::digest::authorization(*challenge_, {method, target, login.user, login.password, questions_.cnonce, 1});
        if (!made) return remark("its login cannot be answered: " + made.error().detail), std::nullopt;
        proof = *std::move(made);
    }
    if (step_ == Step::braiins_details) proof = token_;
    if (!proof.empty()) headers[used++] = {"Authorization", proof};
    if (!body.empty()) headers[used++] = {"Content-Type", "application/json"};
    auto bytes = wire::http::write_request({method, target, http_host(host_, port), std::span{headers}.first(used), body});
    if (!bytes) return remark(bytes.error().detail), std::nullopt;
    bytes_ = *std::move(bytes);
    return Request{.bytes = bytes_, .frame = Frame::http, .port = port};
}

std::optional<Request> Recogniser::next() {
    const Doors& doors = questions_.doors;
    switch (step_) {
    case Step::version: return json("version");
    case Step::luxos_config: return json("config");
    case Step::cgminer_summary: return json("summary");
    case Step::whatsminer2_version: return whatsminer2("get_version");
    case Step::whatsminer2_model: return whatsminer2("devdetails");
    case Step::whatsminer2_summary: return whatsminer2("summary");
    case Step::whatsminer2_status: return whatsminer2("status");
    case Step::whatsminer2_who: return whatsminer2("get_miner_info");
    case Step::epic_capabilities: return http(doors.api, "GET", "/capabilities");
    case Step::epic_network: return http(doors.api, "GET", "/network");
    case Step::epic_summary: return http(doors.api, "GET", "/summary");
    case Step::whatsminer3_info: break;
    case Step::axeos_info: return http(doors.http, "GET", "/api/system/info");
    case Step::vnish_info: return http(doors.http, "GET", "/api/v1/info");
    case Step::vnish_status: return http(doors.http, "GET", "/api/v1/status");
    case Step::braiins_version: return http(doors.http, "GET", "/api/v1/version");
    case Step::braiins_login: {
        const Login& login = *login_for(AsicProtocol::braiins);
        return http(doors.http, "POST", wire::braiins::login_target, wire::braiins::login_body(login.user, login.password));
    }
    case Step::braiins_details: return http(doors.http, "GET", wire::braiins::details_target);
    case Step::antminer_who: return http(doors.http, "GET", "/cgi-bin/get_system_info.cgi");
    case Step::over: return std::nullopt;
    }
    wire::whatsminer3::write_query(bytes_, "get.device.info");
    return Request{.bytes = bytes_, .frame = Frame::whatsminer3, .port = doors.whatsminer3};
}

void Recogniser::heard(Outcome outcome, std::string_view bytes, wire::cgminer::Parser& parser) {
    if (outcome != Outcome::untaken && outcome != Outcome::unreachable) found_.answers = true;
    if (outcome != Outcome::replied) return silent(outcome);
    switch (step_) {
    case Step::version:
        if (bytes.starts_with("HTTP/")) step_ = Step::epic_capabilities;
        else if (const auto reply = parser.parse(bytes)) version(*reply);
        else remark(fmt::format("answers at port {} with what is none of the known interfaces", questions_.doors.api)), step_ = Step::whatsminer3_info;
        return;
    case Step::luxos_config:
    case Step::cgminer_summary:
    case Step::whatsminer2_version:
    case Step::whatsminer2_model:
    case Step::whatsminer2_summary:
    case Step::whatsminer2_status:
    case Step::whatsminer2_who: {
        const auto reply = parser.parse(bytes);
        return reply ? at_api(*reply) : silent(Outcome::closed);
    }
    case Step::whatsminer3_info: return at_whatsminer3(bytes, parser);
    default: return at_http(bytes, parser);
    }
}

/// No usable answer: the question after it, or the next door. Where the first connection is not even taken nobody lives, mostly.
void Recogniser::silent(Outcome outcome) {
    const bool nobody = outcome == Outcome::untaken || outcome == Outcome::unreachable;
    switch (step_) {
    case Step::version:
        step_ = !nobody ? Step::epic_capabilities : outcome == Outcome::untaken && !thorough_ ? Step::over : Step::whatsminer3_info;
        return;
    case Step::epic_capabilities:
        remark(fmt::format("takes connections at port {} and says nothing that is understood", questions_.doors.api));
        step_ = Step::whatsminer3_info;
        return;
    case Step::epic_network: step_ = Step::epic_summary; return;
    case Step::whatsminer3_info: step_ = whatsminer_ ? Step::whatsminer2_version : Step::axeos_info; return;
    case Step::whatsminer2_version:
        remark("refuses as a WhatsMiner does, and does not tell the version of its API");
        step_ = Step::axeos_info;
        return;
    case Step::whatsminer2_model: step_ = Step::whatsminer2_summary; return;
    case Step::whatsminer2_summary: step_ = Step::whatsminer2_status; return;
    case Step::whatsminer2_status: step_ = found_.mac ? Step::over : Step::whatsminer2_who; return;
    case Step::cgminer_summary: step_ = Step::axeos_info; return;
    case Step::axeos_info:
        if (nobody) return give_up();
        step_ = Step::vnish_info;
        return;
    case Step::vnish_info: step_ = Step::braiins_version; return;
    case Step::braiins_version: return give_up();
    case Step::braiins_login:
    case Step::braiins_details:
    case Step::antminer_who: remark("did not answer the login, and told no mac"); break;
    case Step::luxos_config: remark("its config could not be read: ask again for its mac"); break;
    case Step::whatsminer2_who:
    case Step::epic_summary:
    case Step::vnish_status:
    case Step::over: break;
    }
    step_ = Step::over;
}

void Recogniser::at_api(const wire::cgminer::Reply& reply) {
    if (step_ == Step::luxos_config) luxos(reply);
    else if (step_ == Step::cgminer_summary) cgminer(reply);
    else whatsminer2(reply);
}

void Recogniser::at_whatsminer3(std::string_view bytes, wire::cgminer::Parser& parser) {
    const auto reply = wire::whatsminer3::parse_reply(bytes, parser);
    const auto said = reply && reply->taken() ? wire::whatsminer3::device(*reply) : std::nullopt;
    if (!said || (!said->mac && said->serial.empty() && said->model.empty())) return silent(Outcome::closed);
    is(AsicProtocol::whatsminer3, questions_.doors.whatsminer3);
    found_.mac = said->mac;
    found_.serial = wire::printable(said->serial, 64);
    found_.model = wire::printable(said->model, 64);
    found_.firmware = wire::printable(said->firmware, 64);
    found_.draws = said->supply_power;
    if (said->working) found_.mode = *said->working ? Mode::running : Mode::asleep;
    if (said->writable == false) remark("its owner has not allowed orders over the API");
    step_ = Step::over;
}

/// Recognised: what was found odd on the way there no longer matters.
void Recogniser::is(AsicProtocol make, std::uint16_t port) {
    found_.make = make;
    if (whatsminer_ && make == AsicProtocol::whatsminer3) found_.beside = AsicProtocol::whatsminer2;
    if (cgminer_ && make != AsicProtocol::cgminer) found_.beside = AsicProtocol::cgminer;
    found_.port = port;
    found_.remark.clear();
}

/// No web server told more: what `version` hinted at, if anything.
void Recogniser::give_up() {
    step_ = Step::over;
    if (braiins_) {
        is(AsicProtocol::braiins, questions_.doors.http);
        remark("its REST API does not answer: orders go over cgminer's, and it tells no mac");
    } else if (cgminer_) {
        is(AsicProtocol::cgminer, questions_.doors.api);
        remark("takes no order to rest: only what feeds it can stop it");
    } else if (found_.answers && found_.remark.empty()) {
        remark("answers, and is no miner that is known here");
    }
}

void Recogniser::remark(std::string_view text) {
    if (!found_.remark.empty()) found_.remark += "; ";
    found_.remark += wire::printable(text, 160);
}

}  // namespace ballast::asic
