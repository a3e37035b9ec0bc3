#pragma once
#include "drivers/asic/protocol.hpp"
#include "drivers/snmp/oid.hpp"
#include "model/result.hpp"
#include "model/site.hpp"
#include "model/units.hpp"
#include "policies/ambient_derating.hpp"
#include "policies/heat_demand.hpp"
#include "policies/programme.hpp"
#include "study/programme_score.hpp"
#include "wire/modbus_words.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The site file as values. What each key means, its unit, default and range: docs/site-file.md. Names are checked:
/// a broker, meter, feeder, signal or group named here exists. Paths are relative to the site file's folder already
/// resolved against it. Nothing in here is a secret: only where a secret lies.
namespace ballast {

/// A mistake in a file that a person wrote. Prints as "file:line:column: what is wrong, what is allowed".
struct Fault {
    std::string file;
    unsigned line = 0, column = 0;  ///< From 1; 0: the file as a whole.
    std::string text;
    bool operator==(const Fault&) const = default;
};

/// Reads the file at a path, whole. The only way the parser reaches anything beyond its arguments.
using FileReader = std::function<Result<std::string>(const std::string& path)>;

/// A file the config was made from. The journal keeps these, and `audit` rebuilds the same Config from them.
struct ConfigFile {
    std::string path;    ///< As the FileReader was asked for it.
    std::string text;
    std::string sha256;  ///< 64 hexadecimal digits, of `text`.
    bool operator==(const ConfigFile&) const = default;
};

/// Where a value stands in the site file, for messages about it after parsing.
struct Position {
    unsigned line = 0, column = 0;
    bool operator==(const Position&) const = default;
};

/// Where a secret lies. It is read when it is needed (`read_secret`); the config never holds it.
struct Secret {
    enum class Kind : std::uint8_t { none, file, environment } kind = Kind::none;
    std::string name;  ///< A path, or the variable's name.
    Position at;
    bool given() const { return kind != Kind::none; }
    bool operator==(const Secret&) const = default;
};

enum class MqttVersion : std::uint8_t { automatic, v5, v311 };

/// [mqtt.NAME]
struct BrokerConfig {
    std::string name, host;
    std::uint16_t port = 1883;  ///< 8883 with TLS.
    MqttVersion version = MqttVersion::automatic;
    std::string client_id;  ///< Default ballast-<site>.
    Duration keep_alive{20'000};
    std::size_t most_bytes = 65'536;  ///< A longer message is refused.
    bool tls = false;                 ///< True as soon as any tls_ key is given.
    Secret tls_ca, tls_certificate, tls_key;
    Secret user, password;
    bool operator==(const BrokerConfig&) const = default;
};

enum class Transport : std::uint8_t { tcp, rtu };
enum class Parity : std::uint8_t { none, even, odd };

/// Where a Modbus server is found. One bus is one (host, port) or one device.
struct ModbusConfig {
    Transport transport = Transport::tcp;
    std::string host;              ///< tcp.
    std::uint16_t port = 502;      ///< tcp.
    std::string device;            ///< rtu: "/dev/ttyS0".
    int baud = 9'600;              ///< rtu.
    Parity parity = Parity::even;  ///< rtu; 8 data bits.
    int stop_bits = 1;             ///< rtu.
    int unit_id = 1;
    Duration timeout{1'000};  ///< For one answer.
    bool operator==(const ModbusConfig&) const = default;
};

enum class RegisterFunction : std::uint8_t { coil, discrete, holding, input };
using wire::RegisterType, wire::WordOrder;

/// A number in a device. The address is that of the PDU: from 0.
struct RegisterConfig {
    RegisterFunction function = RegisterFunction::holding;  ///< holding or input.
    std::uint16_t address = 0;
    RegisterType type = RegisterType::uint16;
    WordOrder order = WordOrder::abcd;
    double scale = 1;  ///< What is read x scale is the value: in W for a meter, in the signal's unit else.
    bool operator==(const RegisterConfig&) const = default;
};

/// [[meter]], and the `meter` of a metered group.
struct MeterConfig {
    std::string name;
    ModbusConfig modbus;
    RegisterConfig power;
    Duration period{1'000};
    Duration stale_after{5'000};  ///< Without a good answer for this long the reading is no longer believed.
    std::optional<Power> plausible_min, plausible_max;  ///< Outside it is no reading. Parsed, both are there.
    bool operator==(const MeterConfig&) const = default;
};

/// What a feeder may carry: limit_kw, limit_kva, limit_a, the least of those given.
struct FeederLimit {
    Power watts;                              ///< As reckoned.
    std::optional<Power> kva;                 ///< VA.
    std::optional<std::int64_t> milliamperes;
    std::int64_t power_factor_ppm = 900'000;  ///< Where the file is silent: the worst that is assumed.
    std::int64_t millivolts = 0;              ///< Between two lines, nominal.
    std::int64_t low_voltage_ppm = 900'000;   ///< Of that, the least that is reckoned with.
    unsigned phases = 3;
    std::int64_t margin_ppm = 10'000;
    Duration window{0}, prove_within{30'000}, contactor_after{60'000};
    EscalateTo escalate_to = EscalateTo::contactor;
    bool operator==(const FeederLimit&) const = default;
};

/// How a scope comes back from a loss of supply.
struct ReturnConfig {
    Duration lockout{0}, spread{0}, settles{600'000};
    bool operator==(const ReturnConfig&) const = default;
};

/// [[feeder]]
struct FeederConfig {
    std::string name, meter;  ///< meter "": none.
    Power overhead;           ///< Its own, without that of the feeders under it.
    std::string under;        ///< "": none.
    std::optional<FeederLimit> limit;
    Site::Pace pace;
    std::optional<ReturnConfig> returns;
    std::int64_t cooling_ppm = 0;
    bool operator==(const FeederConfig&) const = default;
};

/// [[pdu]]: outlets that are switched by SNMP. Of an outlet each OID ends in its number.
struct PduConfig {
    std::string name, host;
    std::uint16_t port = 161;
    drivers::SnmpVersion version = drivers::SnmpVersion::v1;
    Secret community;
    Duration timeout{1'000};                ///< For one answer.
    drivers::Oid control, state;            ///< Written to turn an outlet; read to see what became of it.
    std::int32_t turn_on = 1, turn_off = 2, shows_on = 1, shows_off = 2;
    std::optional<drivers::Oid> watts;      ///< Absent: it does not measure its outlets.
    double watts_scale = 1;                 ///< To W.
    Duration stagger{15'000}, poll{10'000};
    Duration boot{300'000};                 ///< From an outlet's turning on until its machine listens.
    bool operator==(const PduConfig&) const = default;
};

enum class SignalSort : std::uint8_t { price, dispatch, contact, limit, hashprice, temperature, heat, system_demand, peak_forecast, local };
enum class SignalDriver : std::uint8_t { mqtt, modbus };
enum class TimeFormat : std::uint8_t { rfc3339, unix_s, unix_ms };

/// A unit, as the factor that leads to ours. Currencies are converted here, by [fx], once.
struct Unit {
    std::string text;      ///< "EUR/MWh", as written.
    std::string currency;  ///< "" for power.
    std::int64_t factor =
        1;  ///< A value x factor is W; 10^-9 currency per kWh; 10^-9 currency per PH and day; 10^-3 degC.
    bool operator==(const Unit&) const = default;
};

/// How to read a payload that is not our own JSON. Each is a JSON pointer (RFC 6901); "" inside an optional is the
/// whole document. Absent `time`: the moment of arrival. Absent `start`: `time`. Absent `id`: the start names it.
struct MappingConfig {
    std::string value;
    std::optional<std::string> time, start, end, id;
    std::optional<std::string>
        release;  ///< Where true, a number but 0, or a text that does not mean no releases (dispatch, limit).
    TimeFormat time_format = TimeFormat::rfc3339;
    Duration interval{0};  ///< Length of what was said; 0: `end` says it, or it stands until its release.
    bool operator==(const MappingConfig&) const = default;
};

/// A curtail contact: active means shed everything interruptible until it is not.
struct ContactConfig {
    RegisterFunction function = RegisterFunction::discrete;  ///< discrete or coil.
    std::uint16_t address = 0;
    bool active_closed = true;  ///< active = "closed": a 1 is active.
    Duration debounce{200};
    bool operator==(const ContactConfig&) const = default;
};

/// A register with a number in the signal's unit.
struct ValueConfig {
    RegisterConfig value;
    std::optional<std::int64_t> none;  ///< Raw value that means "nothing in force".
    Duration interval{
        300'000};  ///< A price's: how long what is read now holds (intervals begin on its multiples).
    bool operator==(const ValueConfig&) const = default;
};

/// [[signal]]: a source, in the order of SourceId.
struct SignalConfig {
    std::string name;
    SignalSort kind = SignalSort::price;
    SignalDriver driver = SignalDriver::mqtt;
    std::string broker, topic;             ///< mqtt; the topic may hold + and #.
    std::optional<MappingConfig> mapping;  ///< mqtt; absent: our own JSON.
    ModbusConfig modbus;                   ///< modbus.
    std::optional<ContactConfig> contact;  ///< modbus, kind contact.
    std::optional<ValueConfig> value;      ///< modbus, the other kinds.
    Duration period{500};                  ///< modbus: how often it is asked.
    Unit unit;                             ///< Of the mapping, the register and the plausible range.
    std::optional<std::int64_t> plausible_min,
        plausible_max;  ///< In W, 10^-9 currency per kWh or per PH and day, 10^-3 degC.
    OnStale on_stale = OnStale::hold;
    Duration stale_after{0};  ///< 0: may be silent for ever.
    Duration future_tolerance{5'000};
    std::string same_as;                   ///< It is another channel of that signal; "": it is none.
    Duration agree_within{60'000};         ///< With same_as: channels that differ for longer are told of.
    InLocal in_local = InLocal::observe;   ///< kind local;
    std::vector<std::string> switches;     ///< and the groups it is for. Empty: all.
    bool operator==(const SignalConfig&) const = default;
};

enum class GroupDriver : std::uint8_t { miners, contactor, metered, gpu };

/// One machine of a group of miners, from [[group.machine]] or from the inventory.
struct MachineConfig {
    std::string id, host, mac;
    std::uint16_t port = 4028;
    Power watts;                       ///< At the wall.
    std::int64_t joules_per_hash = 0;  ///< mJ/TH at the wall; 0: unknown.
    std::optional<Price> strike;       ///< Its owner's, in the site's currency; stands in place of the policy's.
    std::string pdu;                   ///< "": it hangs on no outlet that Ballast switches.
    std::uint32_t outlet = 0;          ///< Of `pdu`, as that counts them, from 1.
    bool operator==(const MachineConfig&) const = default;
};

/// driver = a make of miners
struct MinersConfig {
    AsicProtocol protocol{};
    Secret user, password;            ///< None: the make's usual user.
    std::size_t connections = 2'048;  ///< At once, over the group.
    Duration timeout{3'000};          ///< For one exchange.
    Power deadband{50};               ///< A reading nearer than this to the last one told is not told.
    Power low_power;                  ///< What each draws in its low power mode; 0: not known, and no cap is met by it.
    Duration poll{30'000};
    bool operator==(const MinersConfig&) const = default;
};

/// driver = "contactor": one load, named as its group.
struct ContactorConfig {
    ModbusConfig modbus;
    std::uint16_t coil = 0;                                           ///< Written 0xFF00 to close.
    RegisterFunction feedback_function = RegisterFunction::discrete;  ///< discrete or coil.
    std::uint16_t feedback_address = 0;
    bool feedback_closed = true;       ///< Value of the contact when closed.
    std::vector<std::string> carries;  ///< Groups that go dark with it.
    Duration period{500};              ///< Between two readings of the feedback.
    bool operator==(const ContactorConfig&) const = default;
};

/// driver = "gpu": nodes whose agents listen on a broker.
struct GpuConfig {
    std::string broker;
    bool operator==(const GpuConfig&) const = default;
};

/// [[group]]
struct GroupConfig {
    std::string name;
    GroupDriver driver = GroupDriver::metered;
    Tier tier = Tier::firm;
    bool tier_given = false;
    std::string feeder, contactor;  ///< "": none.
    Duration min_off{0}, min_on{0}, off_within{0}, on_within{0}, stale_after{0}, stagger{0},
        contactor_rest{0};
    std::int64_t inrush_ppm = 1'000'000;  ///< Of its nameplate, what a machine takes in the moment it starts.
    Power standby;                        ///< Each.
    Cycling cycling;                      ///< miners: what a stop and a start cost. All 0: not known, nothing is weighed.
    Power nameplate;                      ///< metered, and a contactor that carries no group.
    Power reserve;                        ///< metered.
    Duration reserve_window{0};           ///< metered.
    std::string owner, notice_topic;      ///< metered: who gets notice, and where; "": ballast/<site>/notice/<group>.
    Hosting hosting;                      ///< miners, interruptible.
    std::vector<MachineConfig> machines;  ///< miners; gpu, whose loads have no address of their own.
    std::optional<MinersConfig> miners;
    std::optional<GpuConfig> gpu;
    Site::Flexible flexible;              ///< Only with tier = "flexible".
    bool names_contactor = false;         ///< Likewise: it says itself that a contactor may cut it off.
    std::optional<ContactorConfig> switchgear;
    std::optional<MeterConfig> meter;  ///< metered; absent: nameplate is reserved.
    /// All of its machines hang on outlets; parsed, either all do or none.
    bool on_outlets() const { return !machines.empty() && !machines.front().pdu.empty(); }
    bool operator==(const GroupConfig&) const = default;
};

/// kind = "price_strike"
struct PriceStrikeConfig {
    std::string signal;
    std::vector<std::string> groups;
    std::optional<Economics>
        economics;                ///< From hashprice, pool fee and overhead, in the site's currency; or:
    std::optional<Price> strike;  ///< From strike_per_mwh, in the site's currency.
    unsigned down_after = 1, up_after = 1;
    bool worth_cycling = true;    ///< For groups that say what a cycle costs.
    std::optional<Duration> expected_spike;  ///< Absent: two hours, and prices told afterwards are not weighed.
    std::optional<Duration> expected_calm;   ///< 0: for ever. Absent: four hours, for ever where prices are told afterwards.
    bool operator==(const PriceStrikeConfig&) const = default;
};

/// kind = "dispatch"
struct DispatchConfig {
    std::vector<std::string> signals;
    std::string feeder;  ///< "": the site.
    Duration reference_window{300'000}, prove_within{30'000}, contactor_after{60'000};
    std::int64_t margin_ppm = 10'000;
    EscalateTo escalate_to = EscalateTo::power_off, emergency_escalate_to = EscalateTo::contactor;
    bool operator==(const DispatchConfig&) const = default;
};

/// kind = "site_cap"
struct SiteCapConfig {
    std::string feeder;             ///< "": the site.
    Power act_above, aim, release;  ///< release <= aim <= act_above.
    Duration window{0}, prove_within{30'000}, contactor_after{60'000};
    EscalateTo escalate_to = EscalateTo::contactor;
    bool operator==(const SiteCapConfig&) const = default;
};

/// kind = "minimum_draw"
struct MinimumDrawConfig {
    std::string feeder, group;  ///< "", "": the site.
    Power at_least, keep;       ///< at_least <= keep.
    ContractHours hours;
    std::optional<Price> underuse;  ///< Of each kWh below it; the site's only, and only a replay counts it.
    bool operator==(const MinimumDrawConfig&) const = default;
};

/// kind = "programme"; policies/programme.hpp says what each means.
struct ProgrammeConfig {
    std::string preset;         ///< "": none.
    std::vector<std::string> signals;
    std::string feeder;         ///< "": the site.
    Power offered, peak;
    std::optional<policies::Amount> ceiling, armed_floor, armed_ceiling;
    std::optional<Power> follow;
    Site::CallTerms terms;
    Duration lead{30'000};
    policies::Quota quota;
    policies::Armed::When armed = policies::Armed::When::never;
    ContractHours hours;
    Duration reference_window{300'000}, prove_within{30'000}, contactor_after{60'000};
    std::int64_t margin_ppm = 10'000;
    EscalateTo escalate_to = EscalateTo::power_off, emergency_escalate_to = EscalateTo::contactor;
    study::ScoreRule score;
    bool operator==(const ProgrammeConfig&) const = default;
};

/// kind = "ambient_derating"; policies/ambient_derating.hpp says what each means.
struct AmbientDeratingConfig {
    std::string signal, feeder, group;  ///< "", "": the site.
    Power of;                           ///< What the table's per cents are of.
    std::vector<policies::AmbientDerating::Point> table;
    std::int64_t margin_ppm = 20'000;
    Duration window{0}, prove_within{60'000}, contactor_after{60'000};
    EscalateTo escalate_to = EscalateTo::power_off;
    bool operator==(const AmbientDeratingConfig&) const = default;
};

/// kind = "heat_demand"; policies/heat_demand.hpp says what each means.
struct HeatDemandConfig {
    std::string feeder, group;          ///< "", "": the site.
    std::string signal;                 ///< "": none.
    Power thermal;
    std::vector<policies::HeatDemand::Slot> schedule;
    std::int64_t heat_ppm = 900'000, margin_ppm = 50'000;
    bool operator==(const HeatDemandConfig&) const = default;
};

/// kind = "demand_charge"
struct DemandChargeConfig {
    Duration window{900'000};         ///< 15 or 30 min.
    Price per_kw_month, mining_earns; ///< Per kW and month; per kWh. In the site's currency.
    std::int64_t ratchet_ppm = 0;
    Power paid;
    Duration prove_within{60'000};
    bool operator==(const DemandChargeConfig&) const = default;
};

/// kind = "coincident_peak"; policies/coincident_peak.hpp says what each means.
struct CoincidentPeakConfig {
    std::string demand;                 ///< A signal; "": none.
    std::vector<std::string> forecasts, groups;
    PeakTerms terms;                    ///< But for the clock, which the site's time zone gives.
    Price per_kw_year;                  ///< In the site's currency.
    bool worth_cycling = true;
    bool operator==(const CoincidentPeakConfig&) const = default;
};

/// The meter of kind = "under_frequency": Modbus TCP, on a connection of its own.
struct FrequencyMeterConfig {
    ModbusConfig modbus;
    RegisterConfig frequency;       ///< Scale to Hz.
    Duration period{50}, stale_after{3'000};
    Frequency plausible_min, plausible_max;
    bool operator==(const FrequencyMeterConfig&) const = default;
};

/// kind = "under_frequency"
struct UnderFrequencyConfig {
    struct Stage {
        Frequency below;
        std::vector<std::string> contactors;
        bool operator==(const Stage&) const = default;
    };
    FrequencyMeterConfig meter;
    Frequency nominal{60'000};
    std::vector<Stage> stages;      ///< The highest frequency first.
    unsigned samples = 2;
    Frequency restore_above;
    Duration restore_after{0};
    bool operator==(const UnderFrequencyConfig&) const = default;
};

/// [[policy]], in the order of PolicyId. Exactly one of its kinds is present.
struct PolicyConfig {
    std::string name;
    std::optional<PriceStrikeConfig> price_strike;
    std::optional<DispatchConfig> dispatch;
    std::optional<SiteCapConfig> site_cap;
    std::optional<ProgrammeConfig> programme;
    std::optional<MinimumDrawConfig> minimum_draw;
    std::optional<DemandChargeConfig> demand_charge;
    std::optional<UnderFrequencyConfig> under_frequency;
    std::optional<AmbientDeratingConfig> ambient_derating;
    std::optional<HeatDemandConfig> heat_demand;
    std::optional<CoincidentPeakConfig> coincident_peak;
    bool operator==(const PolicyConfig&) const = default;
};

/// The signals whose calls the policy obeys, and the feeder that it obeys them for ("": the site); null: it obeys none.
inline const std::vector<std::string>* obeyed_by(const PolicyConfig& policy) {
    return policy.dispatch ? &policy.dispatch->signals : policy.programme ? &policy.programme->signals : nullptr;
}
inline const std::string& obeyed_for(const PolicyConfig& policy) { return policy.dispatch ? policy.dispatch->feeder : policy.programme->feeder; }

enum class OnExit : std::uint8_t { hold, wake, sleep };

/// [site.heartbeat]: toggles only while steps are healthy.
struct HeartbeatConfig {
    std::string broker, topic;           ///< broker "": not on MQTT.
    std::optional<ModbusConfig> modbus;  ///< With `coil`.
    std::uint16_t coil = 0;
    Duration period{1'000};  ///< Between two toggles.
    bool operator==(const HeartbeatConfig&) const = default;
};

/// [site]
struct SiteConfig {
    std::string name;
    std::string time_zone = "UTC";  ///< For people; checked by `check_surroundings`.
    Position time_zone_at;
    std::string currency = "USD";  ///< ISO 4217. Every price inside is in it.
    std::string meter;             ///< "": none; then the books are all there is.
    std::string broker;            ///< For state and events; default the first, "": none.
    Power overhead;
    Site::Pace pace;
    std::optional<ReturnConfig> returns;
    std::int64_t cooling_ppm = 0;
    Duration residual_settles{300'000}, reassert_every{60'000};
    unsigned tries = 3, contested_after = 3;
    Power hedge;                         ///< Bought day-ahead or for longer, all hours. Money only: it decides nothing.
    std::optional<Price> hedge_price;    ///< Absent: a replay's --day-ahead says.
    OnExit on_exit = OnExit::hold;
    std::optional<HeartbeatConfig> heartbeat;
    bool operator==(const SiteConfig&) const = default;
};

/// [journal]
struct JournalConfig {
    std::string path;  ///< Default <site>.db beside the site file.
    Position path_at;
    std::int64_t keep_mb = 4'000;
    bool operator==(const JournalConfig&) const = default;
};

/// [http]; absent: no HTTP.
struct HttpConfig {
    std::string host;
    std::uint16_t port = 8420;
    bool operator==(const HttpConfig&) const = default;
};

/// Everything the site file says.
struct Config {
    std::vector<ConfigFile> files;  ///< The site file, then each inventory in order of first use.
    std::string hash;               ///< SHA-256 over the files' hashes in that order, 64 hexadecimal digits.
    SiteConfig site;
    JournalConfig journal;
    std::optional<HttpConfig> http;
    std::map<std::string, std::int64_t> fx;  ///< [fx]: site currency x 10^-6 for one of another.
    std::vector<BrokerConfig> brokers;
    std::vector<FeederConfig> feeders;
    std::vector<MeterConfig> meters;
    std::vector<PduConfig> pdus;
    std::vector<SignalConfig> signals;
    std::vector<GroupConfig> groups;
    std::vector<PolicyConfig> policies;
    bool operator==(const Config&) const = default;
};

/// Parses a site file. Pure: equal text, path and files give an equal Config, or the same faults, ordered as they stand
/// in the files. Never throws, whatever the text. `path` is used in faults and to resolve the files it names.
tl::expected<Config, std::vector<Fault>> parse_config(std::string text, const std::string& path,
                                                      const FileReader& read);

/// Reads and parses the site file at `path`.
tl::expected<Config, std::vector<Fault>> load_config(const std::string& path, const FileReader& read);

/// Reads from the disk; at most 64 MB a file.
FileReader disk_reader();

/// Reads what a config was made from: the journal's copy. Any other path is unreachable.
FileReader reader_of(std::vector<ConfigFile> files);


std::string print(const Fault& fault);

/// One a line, 100 at most, then how many more there are.
std::string print(const std::vector<Fault>& faults);

/// What depends on this machine and not on the file: is the time zone known, do the named secrets exist. For `check`
/// and before `run`; `audit` does not ask.
std::vector<Fault> check_surroundings(const Config& config, const FileReader& read);

/// A process that runs this site has somebody's password in its memory.
bool holds_secrets(const Config& config);

/// The secret itself, without the end of its line; empty if none was given. Fails with unreachable, and names where it was to be.
Result<std::string> read_secret(const Secret& secret);

}  // namespace ballast
