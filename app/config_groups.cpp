#include "app/config_parts.hpp"
#include "app/makes.hpp"

#include <algorithm>

namespace ballast::config {
namespace {

struct Driven {
    GroupDriver driver{};
    const Make* make = nullptr;  ///< Of miners.
};

const Choices<Driven>& drivers() {
    static const Choices<Driven> all = [] {
        Choices<Driven> choices;
        for (const Make& make : makes()) choices.emplace_back(make.driver(), Driven{GroupDriver::miners, &make});
        choices.emplace_back("contactor", Driven{GroupDriver::contactor});
        choices.emplace_back("metered", Driven{GroupDriver::metered});
        choices.emplace_back("gpu", Driven{GroupDriver::gpu});
        return choices;
    }();
    return all;
}

const Choices<Tier> tiers{
    {"firm", Tier::firm}, {"flexible", Tier::flexible}, {"interruptible", Tier::interruptible}};

void tier_of(Keys& keys, GroupConfig& group) {
    const auto tier = keys.choice("tier", tiers);
    group.tier_given = tier.has_value();
    group.tier = tier.value_or(Tier::firm);
    if (group.driver == GroupDriver::gpu) {
        if (group.tier == Tier::interruptible)
            keys.fault("tier", "'tier' is \"interruptible\" and a gpu group is slowed in steps; allowed: firm, flexible");
        return;
    }
    const bool slows = group.miners && capabilities_of(group.miners->protocol).rests;
    if (group.tier == Tier::flexible && !slows)
        keys.fault(
            "tier",
            fmt::format(
                "'tier' is \"flexible\" and driver {} cannot slow its loads; allowed: firm, interruptible",
                driver_name(group)));
    if (group.tier == Tier::interruptible && group.driver == GroupDriver::metered)
        keys.fault("tier", "'tier' is \"interruptible\" and a metered group takes no orders; allowed: firm");
}

/// Whose machines they are. All groups of a customer say the same of it.
void hosting_of(Keys& keys, const Parse& parse, GroupConfig& group) {
    Hosting& own = group.hosting;
    own.customer = keys.text_or("customer", "", wrong_name);
    if (own.customer.empty() || group.tier != Tier::interruptible) {
        const std::string_view why = own.customer.empty() ? "it belongs to a 'customer'" : "these machines are never stopped; allowed with tier = \"interruptible\"";
        for (const auto* key : {"customer_share", "rest_hours_per_month"}) keys.refuse(key, why);
        if (!own.customer.empty()) keys.refuse("customer", why);
        own = {};
        return;
    }
    own.share_ppm = keys.number_or("customer_share", {10'000, 100'000'000, 6}, own.share_ppm);
    own.rest_per_month = keys.span_or("rest_hours_per_month", {0, 744'000, 3}, Duration{0}) * 3'600;
    for (const GroupConfig& other : parse.config.groups)
        if (other.hosting.customer == own.customer && other.hosting != own)
            keys.fault("customer", fmt::format("'customer' {} has another customer_share or rest_hours_per_month in group {}; one customer has one promise", shown(own.customer), shown(other.name)));
}

void login_of(Keys& keys, Parse& parse, const Make& make, MinersConfig& miners) {
    if (make.user.empty()) keys.refuse("user_file", fmt::format("a {} miner asks for none", make.called));
    else miners.user = secret(keys, parse, "user_file");
    if (!make.has_password) return keys.refuse("password_file", fmt::format("a {} miner asks for none", make.called));
    if (!keys.has("password_file")) keys.missing("password_file", "expected the path of a file that holds the password of these machines, or \"env:NAME\"");
    miners.password = secret(keys, parse, "password_file");
}

/// The mode that a cap is met by, of those that have one and tell no watts.
void low_power_of(Keys& keys, const Make& make, GroupConfig& group) {
    const Site::Flexible& flexible = group.flexible;
    if (make.protocol != AsicProtocol::antminer || !flexible.caps()) return keys.refuse("low_power_w", "it is what a stock Antminer draws in its low power mode, with tier = \"flexible\" and power in 'order'");
    const Power low{keys.must_number("low_power_w", {1, 1'000'000})};
    group.miners->low_power = low;
    if (keys.has("low_power_w") && low > flexible.floor)
        keys.fault("low_power_w", fmt::format("'low_power_w' is {}; allowed: at most 'floor_w', below which no cap goes and by which it has to be met", low.count));
}

void flexible_of(Keys& keys, const Make& make, GroupConfig& group) {
    constexpr FlexStep slows[] = {FlexStep::power, FlexStep::sleep}, rests[] = {FlexStep::sleep};
    if (group.tier != Tier::flexible) {
        for (const char* key : {"order", "turn", "floor_w", "low_power_w"}) keys.refuse(key, "the group is not slowed; say tier = \"flexible\" if it may be");
        return;
    }
    for (const char* key : {"workload", "notice_s", "checkpoint_within_s", "checkpoint_good_s", "unsaved"}) keys.refuse(key, "a miner has no work to save");
    const Capabilities& can = make.can();
    const bool levels = can.levels != Levels::none;
    if (levels) parse_flexible(keys, group, {slows, {slows[0], slows[1]}, 0, true});
    else parse_flexible(keys, group, {rests, {rests[0]}, 0, true});
    low_power_of(keys, make, group);
    if (group.flexible.caps() && !keys.has("off_within_s")) group.off_within = std::max(can.off_within, can.level_within);
}

void miners_of(Keys& keys, Parse& parse, const Make& make, GroupConfig& group) {
    MinersConfig miners{.protocol = make.protocol};
    login_of(keys, parse, make, miners);
    miners.connections = static_cast<std::size_t>(keys.number_or("connections", {1, 60'000}, 2'048));
    miners.timeout = keys.span_or("timeout_ms", {100, 60'000}, miners.timeout);
    miners.deadband = Power{keys.number_or("deadband_w", {0, 1'000'000}, miners.deadband.count)};
    miners.poll = keys.span_or("poll_s", seconds(1'000, 3'600'000), miners.poll);
    group.miners = miners;
    group.standby = Power{keys.number_or("standby_w", {0, 1'000'000}, make.can().standby.count)};
    group.min_off = keys.span_or("min_off_s", seconds(0, day_ms), Duration{600'000});
    group.min_on = keys.span_or("min_on_s", seconds(0, day_ms), Duration{300'000});
    group.off_within = keys.span_or("off_within_s", seconds(100, 3'600'000), make.can().off_within);
    group.on_within = keys.span_or("on_within_s", seconds(100, 7'200'000), make.can().on_within);
    group.inrush_ppm = keys.number_or("inrush_factor", {0, 100'000'000, 6}, group.inrush_ppm);
    group.stagger = keys.span_or("stagger_ms", {0, 3'600'000}, Duration{20});
    group.cycling.ramp = keys.span_or("ramp_s", seconds(0, 7'200'000), Duration{0});
    group.cycling.wear = Price{keys.number_or("cycle_wear_per_kw", {0, 1'000'000'000'000, 9}, 0)};
    group.stale_after = keys.span_or("stale_after_s", seconds(1'000, day_ms), 3 * miners.poll);
    if (group.stale_after <= miners.poll)
        keys.fault("stale_after_s", "'stale_after_s' is not above 'poll_s'; allowed: more than one poll");
    hosting_of(keys, parse, group);
    keys.has("contactor");  // Looked up when all groups are known.
    parse_machines(keys, parse, group, make.port);
    flexible_of(keys, make, group);
}

void feedback_of(Keys& keys, ContactorConfig& contactor) {
    if (!keys.has("feedback"))
        keys.missing("feedback", "expected { function, address, closed }: an opening must be seen");
    const auto* table = keys.table("feedback");
    if (!table) return;
    Keys bit{*table, "'feedback' of " + keys.what(), keys.faults()};
    std::tie(contactor.feedback_function, contactor.feedback_address) = bit_of(bit);
    contactor.feedback_closed = bit.number_or("closed", {0, 1}, 1) == 1;
    bit.finish();
}

void contactor_of(Keys& keys, Parse& parse, GroupConfig& group) {
    ContactorConfig contactor;
    contactor.modbus = modbus(keys, parse);
    contactor.coil = static_cast<std::uint16_t>(keys.must_number("coil", {0, 65'535}));
    feedback_of(keys, contactor);
    const std::string whose = fmt::format("contactor {}'s", shown(group.name));
    if (keys.has("coil")) claim_bit(parse, keys.at("coil"), contactor.modbus, RegisterFunction::coil, contactor.coil, BitUse::moved, whose);
    if (keys.has("feedback")) claim_bit(parse, keys.at("feedback"), contactor.modbus, contactor.feedback_function, contactor.feedback_address, BitUse::shown, whose);
    contactor.period = keys.span_or("period_ms", {20, 60'000}, contactor.period);
    if (keys.has("carries")) keys.refuse("nameplate_kw", "what it carries has nameplates of its own");
    else group.nameplate = keys.must_power("nameplate_kw");
    for (const Keys::Name& name : keys.names("carries"))
        contactor.carries.push_back(name.text);  // Looked up when all are known.
    if (!keys.has("carries")) group.inrush_ppm = keys.number_or("inrush_factor", {0, 100'000'000, 6}, group.inrush_ppm);
    else keys.refuse("inrush_factor", "the groups that it carries have theirs");
    group.stagger = keys.span_or("close_stagger_s", seconds(0, 3'600'000), Duration{15'000});
    group.contactor_rest = keys.span_or("min_between_s", seconds(0, day_ms), Duration{600'000});
    group.off_within = keys.span_or("off_within_s", seconds(100, 3'600'000), Duration{2'000});
    group.on_within = keys.span_or("on_within_s", seconds(100, 3'600'000), Duration{5'000});
    group.stale_after =
        keys.span_or("stale_after_s", seconds(100, day_ms), std::max(Duration{5'000}, 3 * contactor.period));
    if (group.stale_after <= contactor.period)
        keys.fault("stale_after_s",
                   "'stale_after_s' is not above 'period_ms'; allowed: more than one period");
    group.switchgear = std::move(contactor);
}

/// Who is told when only this group could meet a limit.
void owner_of(Keys& keys, GroupConfig& group) {
    group.owner = keys.text_or("owner", "", wrong_name);
    if (group.owner.empty()) return keys.refuse("notice_topic", "it belongs to a group with an 'owner'");
    group.notice_topic = keys.text_or("notice_topic", "", wrong_topic);
    if (group.notice_topic.find_first_of("+#") != std::string::npos) keys.fault("notice_topic", "'notice_topic' has + or #, which only a filter may; allowed: a topic of its own");
}

void metered_of(Keys& keys, Parse& parse, GroupConfig& group) {
    group.nameplate = keys.must_power("nameplate_kw");
    group.reserve = keys.watts_or("reserve_kw", Power{});
    group.reserve_window = keys.span_or("reserve_window_s", seconds(0, 31 * day_ms), Duration{0});
    if (group.reserve > group.nameplate)
        keys.fault("reserve_kw", "'reserve_kw' is above 'nameplate_kw'; allowed: at most that");
    group.stale_after = Duration{10'000};
    owner_of(keys, group);
    const auto* table = keys.table("meter");
    if (!table) return;
    Keys in{*table, "'meter' of " + keys.what(), keys.faults()};
    group.meter = meter_of(in, parse);
    group.meter->name = group.name;
    plausible_unless_given(*group.meter, Power{-group.nameplate.count / 10}, Power{group.nameplate.count * 3 / 2});
    group.stale_after = group.meter->stale_after;
    in.finish();
}

GroupConfig group_of(Keys& keys, Parse& parse) {
    GroupConfig group;
    group.name = unique_name(keys, names_of(parse.config.groups));
    if (group.name == "site")
        keys.fault("name",
                   "'name' is \"site\", which means all of it in a person's word; allowed: any other");
    const auto driver = keys.must_choice("driver", drivers());
    if (!driver) return group;
    group.driver = driver->driver;
    if (driver->make) group.miners.emplace().protocol = driver->make->protocol;
    tier_of(keys, group);
    group.feeder = keys.reference("feeder", "feeder", parse.feeders());
    if (driver->make) miners_of(keys, parse, *driver->make, group);
    if (group.driver == GroupDriver::contactor) contactor_of(keys, parse, group);
    if (group.driver == GroupDriver::metered) metered_of(keys, parse, group);
    if (group.driver == GroupDriver::gpu) parse_gpu(keys, parse, group);
    if (group.driver != GroupDriver::miners && group.tier != Tier::flexible)
        keys.refuse("contactor", "only a group of miners or a flexible group names the contactor that cuts it off");
    keys.finish();
    return group;
}

GroupConfig* find(Parse& parse, const std::string& name) {
    const auto at = std::ranges::find(parse.config.groups, name, &GroupConfig::name);
    return at == parse.config.groups.end() || name.empty() ? nullptr : &*at;
}

void link_carried(Keys& keys, Parse& parse, GroupConfig& contactor, const Keys::Name& name) {
    GroupConfig* carried = find(parse, name.text);
    if (!carried) return keys.dangling("carries", name, "group", names_of(parse.config.groups));
    const auto fault = [&](std::string text) { parse.faults.add(name.at, std::move(text)); };
    if (carried->tier == Tier::firm)
        return fault(fmt::format(
            "contactor \"{}\" carries \"{}\", which is firm{}; allowed: interruptible groups only",
            contactor.name, carried->name, carried->tier_given ? "" : " because it has no 'tier'"));
    if (carried->tier == Tier::flexible && !carried->names_contactor)
        return fault(fmt::format(
            "contactor \"{0}\" carries \"{1}\", which is flexible and does not name it; say contactor = \"{0}\" there too, if it may be cut off",
            contactor.name, carried->name));
    if (carried->driver != GroupDriver::miners && carried->driver != GroupDriver::gpu)
        return fault(
            fmt::format("contactor \"{}\" carries \"{}\", which is a {} group; allowed: groups of machines",
                        contactor.name, carried->name, driver_name(*carried)));
    if (!carried->contactor.empty() && carried->contactor != contactor.name)
        return fault(fmt::format(
            "contactor \"{}\" carries \"{}\", which \"{}\" can cut off already; one group has one contactor",
            contactor.name, carried->name, carried->contactor));
    carried->contactor = contactor.name;
}

/// `contactor = "block-a"` says the same as block-a's `carries`; both must agree.
void link_contactor(Keys& keys, Parse& parse, const GroupConfig& group) {
    const auto name = keys.text("contactor");
    if (!name) return;
    GroupConfig* contactor = find(parse, *name);
    if (!contactor)
        return keys.dangling("contactor", {*name, keys.at("contactor")}, "group",
                             names_of(parse.config.groups));
    if (contactor->driver != GroupDriver::contactor)
        return keys.fault(
            "contactor",
            fmt::format(
                "'contactor' is \"{}\", which is a {} group; allowed: a group with driver = \"contactor\"",
                *name, driver_name(*contactor)));
    auto& carries = contactor->switchgear->carries;
    if (std::ranges::find(carries, group.name) != carries.end()) return;
    keys.fault("contactor",
               fmt::format(
                   "'contactor' is \"{0}\", but the 'carries' of \"{0}\" does not list \"{1}\"; add it there",
                   *name, group.name));
}

/// What takes no order can be shed by what feeds it, or not at all.
void check_only_watched(Keys& keys, const Parse& parse, const GroupConfig& group) {
    if (!group.miners || group.tier != Tier::interruptible || capabilities_of(group.miners->protocol).rests) return;
    const auto carries = [&](const GroupConfig& other) { return other.switchgear && std::ranges::find(other.switchgear->carries, group.name) != other.switchgear->carries.end(); };
    if (!group.on_outlets() && std::ranges::none_of(parse.config.groups, carries))
        keys.fault("tier", fmt::format("'tier' is \"interruptible\" and a {} miner takes no orders; allowed: firm, or interruptible behind a contactor that carries it, or with its machines on outlets of a PDU", driver_name(group)));
}

}  // namespace

void parse_groups(Keys& root, Parse& parse) {
    if (!root.has("group")) root.missing("group", "expected at least one [[group]]");
    for (const auto* table : root.tables("group")) {
        Keys keys{*table, title(*table, "group", parse.config.groups.size()), parse.faults};
        GroupConfig group = group_of(keys, parse);
        parse.config.groups.push_back(std::move(group));
    }
}

void link_groups(Keys& root, Parse& parse) {
    const auto tables = root.tables("group");
    if (tables.size() != parse.config.groups.size()) return;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        GroupConfig& group = parse.config.groups[i];
        Keys keys{*tables[i], title(*tables[i], "group", i), parse.faults};
        if (!group.switchgear) continue;
        for (const Keys::Name& name : keys.names("carries")) link_carried(keys, parse, group, name);
    }
    for (std::size_t i = 0; i < tables.size(); ++i) {
        Keys keys{*tables[i], title(*tables[i], "group", i), parse.faults};
        const GroupConfig& group = parse.config.groups[i];
        if (group.miners || group.gpu) link_contactor(keys, parse, group);
        check_only_watched(keys, parse, group);
        const auto machine = parse.machine_ids.find(group.name);
        if (machine != parse.machine_ids.end())
            keys.fault(
                "name",
                fmt::format(
                    "'name' is {}, which the machine at {} has for its id; a person's word must say which",
                    shown(group.name), machine->second));
    }
}

}  // namespace ballast::config
