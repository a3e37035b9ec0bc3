#include "sim/messages.hpp"

#include "wire/rfc3339.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ballast::sim {

namespace json = boost::json;
using wire::rfc3339;

namespace {

std::string asking(std::string_view kind, Instant issued, const Dispatch& dispatch) {
    json::object out{{"kind", kind}, {"id", dispatch.id}, {"issued", rfc3339(issued)}, {"start", rfc3339(dispatch.start)}};
    if (dispatch.end) out["end"] = rfc3339(*dispatch.end);
    if (dispatch.limit) out["limit"] = dispatch.limit->count / 1000;
    else if (dispatch.reduce) out["reduce"] = dispatch.reduce->count / 1000;
    else out["full"] = true;
    if (dispatch.limit || dispatch.reduce) out["unit"] = "kW";
    if (dispatch.ramp > Duration{0}) out["ramp_s"] = dispatch.ramp.count() / 1000;
    return json::serialize(out);
}

}  // namespace

std::string price_message(Instant issued, Instant start, Instant end, Price price, const std::string& currency) {
    // Exact: a nano per kWh is a millionth per MWh, and a double would print it as it likes.
    const std::int64_t whole = price.count / 1'000'000, rest = price.count % 1'000'000;
    std::string number = fmt::format("{}{}.{:06}", price.count < 0 ? "-" : "", whole < 0 ? -whole : whole, rest < 0 ? -rest : rest);
    number.erase(std::max(number.find_last_not_of('0') + 1, number.find('.') + 3));  // At least cents.
    return fmt::format(R"({{"kind":"price","issued":"{}","start":"{}","end":"{}","price":{},"unit":"{}/MWh"}})", rfc3339(issued), rfc3339(start),
                       rfc3339(end), number, currency);
}

std::string dispatch_message(Instant issued, const Dispatch& dispatch) {
    return asking("dispatch", issued, dispatch);
}

std::string emergency_message(Instant issued, const Dispatch& dispatch) {
    return asking("emergency", issued, dispatch);
}

std::string release_message(Instant issued, const std::string& id) {
    return json::serialize(json::object{{"kind", "release"}, {"id", id}, {"issued", rfc3339(issued)}});
}

}  // namespace ballast::sim
