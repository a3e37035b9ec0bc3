#include "drivers/asic/recognise.hpp"
#include "wire/printable.hpp"
#include "wire/whatsminer2.hpp"

namespace ballast::asic {
namespace {

constexpr std::size_t longest = 64;

}  // namespace

void Recogniser::version(const wire::cgminer::Reply& reply) {
    const auto said = wire::cgminer::version(reply);
    if (!said) return remark("answers with JSON that is no miner's"), void(step_ = Step::whatsminer3_info);
    found_.model = wire::printable(said->model, longest);
    found_.firmware = wire::printable(said->firmware, longest);
    found_.mac = said->mac;
    switch (said->lineage) {
    case wire::cgminer::Lineage::luxos:
        is(AsicProtocol::luxos, questions_.doors.api);
        step_ = Step::luxos_config;
        return;
    case wire::cgminer::Lineage::braiins:
        braiins_ = true;
        step_ = Step::cgminer_summary;
        return;
    case wire::cgminer::Lineage::whatsminer:  // The same machine may speak v3 too, which the newer firmware means.
        whatsminer_ = true;
        step_ = Step::whatsminer3_info;
        return;
    case wire::cgminer::Lineage::other: break;
    }
    cgminer_ = true;
    step_ = Step::cgminer_summary;
}

void Recogniser::luxos(const wire::cgminer::Reply& reply) {
    step_ = Step::over;
    const auto said = wire::cgminer::config(reply);
    if (!said) return remark("its config could not be read: ask again for its mac");
    found_.mac = said->mac;
    found_.serial = wire::printable(said->serial, longest);
    if (!said->model.empty()) found_.model = wire::printable(said->model, longest);
    found_.rated_gigahashes = said->rated_gigahashes;
    if (said->asleep || said->power_supply_on) found_.mode = said->asleep.value_or(false) || !said->power_supply_on.value_or(true) ? Mode::asleep : Mode::running;
}

/// Stock Antminers, VNish and Braiins OS speak this too: who it is, its web server says.
void Recogniser::cgminer(const wire::cgminer::Reply& reply) {
    if (wire::cgminer::gigahashes(reply).value_or(0) > 0) found_.mode = Mode::running;
    step_ = Step::axeos_info;
}

void Recogniser::whatsminer2(const wire::cgminer::Reply& reply) {
    namespace wm = wire::whatsminer2;
    switch (step_) {
    case Step::whatsminer2_version: {
        const auto said = wm::identity(reply);
        if (!said || said->api.empty()) return silent(Outcome::closed);
        is(AsicProtocol::whatsminer2, questions_.doors.api);
        found_.firmware = wire::printable(said->firmware, longest);
        break;
    }
    case Step::whatsminer2_model:
        if (const auto model = wm::model(reply); !model.empty()) found_.model = wire::printable(model, longest);
        break;
    case Step::whatsminer2_summary:
        if (const auto said = wm::summary(reply)) {
            found_.mac = said->mac;
            found_.rated_gigahashes = said->rated_gigahashes;
            found_.draws = said->power;
        }
        break;
    case Step::whatsminer2_status:
        if (const auto said = wm::status(reply); said && said->off) found_.mode = *said->off ? Mode::asleep : Mode::running;
        break;
    default:
        if (const auto said = wm::identity(reply)) found_.mac = said->mac;
        break;
    }
    if (step_ == Step::whatsminer2_version) step_ = Step::whatsminer2_model;
    else if (step_ == Step::whatsminer2_who) step_ = Step::over;
    else silent(Outcome::closed);  // To the question after it.
}

}  // namespace ballast::asic
