#pragma once
#include "drivers/asic/exchanges.hpp"
#include "drivers/asic/protocol.hpp"
#include "model/event.hpp"
#include "wire/cgminer.hpp"
#include "wire/digest.hpp"
#include "wire/http_exchange.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ballast::asic {

/// Where each kind of interface listens.
struct Doors {
    std::uint16_t api = 4'028;          ///< cgminer's lineage, WhatsMiner v2; ePIC's HTTP.
    std::uint16_t whatsminer3 = 4'433;
    std::uint16_t http = 80;
};

struct Login {
    std::string user, password;
};

/// What holds for every address that is asked.
struct Questions {
    Doors doors;
    std::map<AsicProtocol, Login> logins;  ///< Of `takes_login` only. A make without one here is never told a password.
    std::string cnonce;                    ///< Random, at least 8 characters; only needed with a login.
};

/// Makes that tell who they are only to who logs on.
constexpr bool takes_login(AsicProtocol make) { return make == AsicProtocol::antminer || make == AsicProtocol::braiins; }

/// What an address told of itself. Texts are printable.
struct Recognised {
    std::optional<AsicProtocol> make;         ///< Nothing: it is none of the makes that are known here.
    std::optional<AsicProtocol> beside;       ///< It answers as this one too: WhatsMiner's v2 beside v3, plain cgminer beside a web server.
    std::uint16_t port = 0;                   ///< At which its make is driven.
    std::string model, serial, firmware;      ///< Empty: it did not say.
    std::optional<std::uint64_t> mac;
    Mode mode = Mode::unknown;                ///< running or asleep, by its own word.
    std::optional<double> rated_gigahashes;   ///< Its nameplate's, GH/s.
    std::optional<Power> draws;               ///< Now, by its own word, measured or not.
    std::string remark;                       ///< What a person should know; empty: nothing.
    bool answers = false;                     ///< Somebody is there.
};

/// Finds out what listens at one address, by questions that need no login and change nothing: the one logon there is, of a
/// make that was given a password, opens no session that anybody else would lack. Pure: no socket, no clock. Sources:
/// shared/facts/asic.md, 1.1 to 1.6; and the captures.
class Recogniser {
public:
    /// `questions` must outlive it. `host` is for the header Host. `thorough`: the other doors are tried too where the first
    /// stays silent, as an address where nobody lives does.
    Recogniser(const Questions& questions, std::string host, bool thorough);

    /// What is asked next, one connection each; nothing: it is over. Its bytes live until `heard`.
    std::optional<Request> next();
    /// How that ended. `parser` is used during the call only.
    void heard(Outcome outcome, std::string_view bytes, wire::cgminer::Parser& parser);

    bool over() const { return step_ == Step::over; }
    const Recognised& found() const { return found_; }

private:
    enum class Step : std::uint8_t {
        version, luxos_config, cgminer_summary,                                       // 4028, JSON
        whatsminer2_version, whatsminer2_model, whatsminer2_summary, whatsminer2_status, whatsminer2_who,
        epic_capabilities, epic_network, epic_summary,                                // 4028, HTTP
        whatsminer3_info,                                                             // 4433
        axeos_info, vnish_info, vnish_status, braiins_version, braiins_login, braiins_details, antminer_who,  // 80
        over
    };

    // recognise.cpp
    Request json(std::string_view command);
    Request whatsminer2(std::string_view command);
    std::optional<Request> http(std::uint16_t port, std::string_view method, std::string_view target, std::string_view body = {});
    void silent(Outcome outcome);
    void at_api(const wire::cgminer::Reply& reply);
    void at_whatsminer3(std::string_view bytes, wire::cgminer::Parser& parser);
    void is(AsicProtocol make, std::uint16_t port);
    void give_up();
    void remark(std::string_view text);

    // recognise_api.cpp: what a reply of the cgminer lineage says.
    void version(const wire::cgminer::Reply& reply);
    void luxos(const wire::cgminer::Reply& reply);
    void cgminer(const wire::cgminer::Reply& reply);
    void whatsminer2(const wire::cgminer::Reply& reply);

    // recognise_http.cpp: what a web server's answer says.
    void at_http(std::string_view bytes, wire::cgminer::Parser& parser);
    void epic(std::string_view body, wire::cgminer::Parser& parser);
    void axeos(std::string_view body, wire::cgminer::Parser& parser);
    void vnish(std::string_view body, wire::cgminer::Parser& parser);
    void braiins(std::string_view body, wire::cgminer::Parser& parser);
    void antminer(const wire::http::Answer& answer, wire::cgminer::Parser& parser);
    bool is_antminer(const wire::http::Answer& answer);
    const Login* login_for(AsicProtocol make) const;

    const Questions& questions_;
    std::string host_, bytes_, token_;
    std::optional<wire::digest::Challenge> challenge_;
    Recognised found_;
    Step step_ = Step::version;
    bool thorough_;
    bool cgminer_ = false, whatsminer_ = false, braiins_ = false;  ///< What `version` hinted at.
};

}  // namespace ballast::asic
