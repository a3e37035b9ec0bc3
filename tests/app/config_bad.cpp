#include "tests/app/config_bad.hpp"

namespace ballast {

const std::string good_site = R"([site]
name = "mesa"
currency = "USD"
meter = "poi"
overhead_kw = 60

[fx]
EUR = 1.08

[journal]
keep_mb = 100

[http]
listen = "127.0.0.1:8420"

[mqtt.main]
host = "127.0.0.1"

[[meter]]
name = "poi"
driver = "modbus"
host = "10.0.0.5"
power = { function = "holding", address = 3059, type = "float32", order = "abcd", scale_w = 1000 }

[[feeder]]
name = "north"
meter = "poi"

[[signal]]
name = "lmp"
kind = "price"
driver = "mqtt"
broker = "main"
on_stale = "hold"

[[signal]]
name = "feed"
kind = "price"
driver = "mqtt"
broker = "main"
topic = "grid/+/lmp"
value = "/data/0/price"
unit = "EUR/MWh"
interval_s = 300
on_stale = "shed"

[[signal]]
name = "utility"
kind = "dispatch"
driver = "mqtt"
broker = "main"
on_stale = "run"

[[signal]]
name = "contact"
kind = "contact"
driver = "modbus"
host = "10.0.0.6"
contact = { function = "discrete", address = 0, active = "closed" }
on_stale = "hold"

[[signal]]
name = "limit"
kind = "limit"
driver = "modbus"
transport = "rtu"
device = "/dev/ttyS0"
value = { function = "holding", address = 10, type = "uint32", order = "abcd", unit = "kW" }
on_stale = "hold"

[[group]]
name = "hall"
driver = "metered"
tier = "firm"
feeder = "north"
nameplate_kw = 1200
reserve_kw = 800

[[group]]
name = "miners"
driver = "luxos"
tier = "interruptible"
contactor = "block"
inventory = "fleet.csv"

[[group]]
name = "spare"
driver = "luxos"
tier = "interruptible"
[[group.machine]]
id = "s-1"
host = "10.1.0.1"
watts = 3500
joules_per_terahash = 17.5

[[group]]
name = "block"
driver = "contactor"
tier = "interruptible"
host = "10.0.0.7"
coil = 0
feedback = { function = "discrete", address = 0 }
carries = ["miners"]

[[policy]]
name = "strike"
kind = "price_strike"
signal = "lmp"
groups = ["miners", "spare"]
hashprice = 45

[[policy]]
name = "obligations"
kind = "dispatch"
signals = ["utility", "contact", "limit"]

[[policy]]
name = "contract"
kind = "site_cap"
act_above_kw = 40000
aim_kw = 39500
release_kw = 39000

[[policy]]
name = "uf"
kind = "under_frequency"
nominal_hz = 60
restore_above_hz = 59.9
restore_after_s = 300
[policy.meter]
driver = "modbus"
host = "10.0.0.8"
frequency = { function = "input", address = 0, type = "uint16", scale_hz = 0.01 }
[[policy.stage]]
below_hz = 59.5
contactors = ["block"]
)";

const std::string good_inventory = "id,host,port,mac,watts,joules_per_terahash\n"
                                   "m-1,10.2.0.1,4028,02:1a:7f:00:00:01,3500,17.5\n"
                                   "m-2,10.2.0.2,4028,,3250,\n";

const std::vector<BadInput>& bad_site_files() {
    static const std::vector<BadInput> table{
        {R"(name = "mesa")", R"(name = "me/sa")",
         R"(site.toml:2:8: 'name' is "me/sa"; allowed: letters, digits, '-', '_' and '.', the first a letter or digit, at most 64)"},
        {"name = \"mesa\"\n", "", "site.toml:1:1: [site] has no 'name'; expected the name in MQTT topics"},
        {"[site]\nname = \"mesa\"\ncurrency = \"USD\"\nmeter = \"poi\"\noverhead_kw = 60\n", "",
         "site.toml:1:1: the site file has no 'site'; expected [site] with at least 'name'"},
        {R"(currency = "USD")", R"(currency = "dollar")",
         R"(site.toml:3:12: 'currency' is "dollar"; allowed: an ISO 4217 code like "USD")"},
        {"meter = \"poi\"\noverhead", "meter = \"poj\"\noverhead",
         R"(site.toml:4:9: 'meter' names the meter "poj", which is not in this file; did you mean "poi"?)"},
        {"overhead_kw = 60", "overhead = 60",
         R"(site.toml:5:1: unknown key "overhead" in [site]; did you mean 'overhead_kw'?)"},
        {"overhead_kw = 60", "overhead_mw = 60",
         R"(site.toml:5:1: unknown key "overhead_mw" in [site]; did you mean 'overhead_kw'?)"},
        {"overhead_kw = 60", R"(overhead_kw = "60")",
         "site.toml:5:15: 'overhead_kw' is text; expected a number, 0 to 10000000"},
        {"overhead_kw = 60", "overhead_kw = -60",
         "site.toml:5:15: 'overhead_kw' is -60; allowed: 0 to 10000000"},
        {"overhead_kw = 60", "overhead_kw = nan",
         "site.toml:5:15: 'overhead_kw' is nan; allowed: 0 to 10000000"},
        {"overhead_kw = 60", "overhead_kw = inf",
         "site.toml:5:15: 'overhead_kw' is inf; allowed: 0 to 10000000"},
        {"overhead_kw = 60", "overhead_kw = 60.0001",
         "site.toml:5:15: 'overhead_kw' is 60.0001; allowed: 0 to 10000000, at most 3 decimals"},
        {"overhead_kw = 60", "overhead_kw = 1e9",
         "site.toml:5:15: 'overhead_kw' is 1000000000; allowed: 0 to 10000000"},
        {"overhead_kw = 60", R"(on_exit = "sleeep")",
         R"(site.toml:5:11: 'on_exit' is "sleeep"; allowed: hold, wake, sleep)"},
        {"overhead_kw = 60", R"(time_zone = "Texas")",
         R"(site.toml:5:13: 'time_zone' is "Texas"; allowed: "UTC" or a name like "America/Chicago")"},
        {"overhead_kw = 60", "tries = 2.5",
         "site.toml:5:9: 'tries' is 2.5; allowed: 1 to 100, whole numbers only"},
        {"overhead_kw = 60", "heartbeat = { period_ms = 500 }",
         "site.toml:5:13: [site.heartbeat] has no 'broker'; expected a 'broker', a 'coil' or both: where "
         "shall it beat?"},
        {"overhead_kw = 60", R"(heartbeat = { broker = "main", topic = "ballast/#" })",
         R"(site.toml:5:40: 'topic' is "ballast/#"; allowed: a topic without '+' and '#', because it is published to)"},
        {"EUR = 1.08", "EUR = 0",
         "site.toml:8:7: 'EUR' is 0; allowed: 0.000001 to 1000000\nsite.toml:43:8: 'unit' is in EUR and the "
         "site in USD; allowed: the site's currency, or give the rate: [fx] EUR = ..."},
        {"EUR = 1.08", "euro = 1.08",
         "site.toml:8:1: [fx] \"euro\" is no currency; allowed: an ISO 4217 code like "
         "\"USD\"\nsite.toml:43:8: 'unit' is in EUR and the site in USD; allowed: the site's currency, or "
         "give the rate: [fx] EUR = ..."},
        {"keep_mb = 100", "keep_mb = 1", "site.toml:11:11: 'keep_mb' is 1; allowed: 16 to 10000000"},
        {R"(listen = "127.0.0.1:8420")", R"(listen = "8420")",
         R"(site.toml:14:10: 'listen' is "8420"; allowed: address:port like 127.0.0.1:8420, the port from 1 to 65535)"},
        {R"(listen = "127.0.0.1:8420")", R"(listen = "localhost:8420")",
         R"(site.toml:14:10: 'listen' is "localhost:8420"; allowed: address:port like 127.0.0.1:8420, the port from 1 to 65535)"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"", "[mqtt.main]\nhost = \"127.0.0.1\"\ntls_ca = \"env:CA\"",
         R"(site.toml:18:10: 'tls_ca' is "env:CA", and TLS reads files only; allowed: the path of a PEM file)"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"", "[mqtt]\nhost = \"127.0.0.1\"",
         "site.toml:17:1: unknown key \"host\" in [mqtt]; expected a table for each broker, "
         "[mqtt.main]\nsite.toml:33:10: 'broker' names the broker \"main\", which is not in this file; there "
         "is none in this file\nsite.toml:40:10: 'broker' names the broker \"main\", which is not in this "
         "file; there is none in this file\nsite.toml:51:10: 'broker' names the broker \"main\", which is "
         "not in this file; there is none in this file"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"", "[mqtt.main]\nhost = \"tcp://127.0.0.1\"",
         R"(site.toml:17:8: 'host' is "tcp://127.0.0.1"; allowed: a host name, an IPv4 or an IPv6 address, without port or scheme)"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"", "[mqtt.main]\nhost = \"127.0.0.1\"\nport = 70000",
         "site.toml:18:8: 'port' is 70000; allowed: 1 to 65535"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"", "[mqtt.main]\nhost = \"127.0.0.1\"\nversion = \"4\"",
         R"(site.toml:18:11: 'version' is "4"; allowed: auto, 5, 3.1.1)"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"", "[mqtt.main]\nhost = \"127.0.0.1\"\npassword = \"hunter2\"",
         R"(site.toml:18:1: 'password' would put a secret into this file and its journal; keep it in a file or in the environment and name that: password_file = "PATH" or "env:NAME")"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"", "[mqtt.main]\nhost = \"127.0.0.1\"\npassword_file = \"secret\"",
         "site.toml:16:1: [mqtt.main] has no 'user_file'; a password needs its user"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"",
         "[mqtt.main]\nhost = \"127.0.0.1\"\ntls_certificate = \"c.pem\"",
         "site.toml:16:1: [mqtt.main] has no 'tls_key'; a certificate needs its key"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"",
         "[mqtt.main]\nhost = \"127.0.0.1\"\ntls_certificate = \"c.pem\"\ntls_key = \"-----BEGIN KEY\"",
         R"(site.toml:19:11: 'tls_key' holds the secret itself; allowed: the path of a file that holds it, or "env:NAME")"},
        {"[mqtt.main]\nhost = \"127.0.0.1\"",
         "[mqtt.main]\nhost = \"127.0.0.1\"\nuser_file = \"env:my-user\"",
         R"(site.toml:18:13: 'user_file' is "env:my-user"; allowed after env: capital letters, digits and '_')"},
        {"[[feeder]]\nname = \"north\"", "[feeder]\nname = \"north\"",
         "site.toml:25:1: 'feeder' is a table; expected [[feeder]], one for each\nsite.toml:75:10: 'feeder' "
         "names the feeder \"north\", which is not in this file; there is none in this file"},
        {"[[feeder]]", "[[feeders]]",
         "site.toml:25:3: unknown key \"feeders\" in the site file; did you mean 'feeder'?\nsite.toml:75:10: "
         "'feeder' names the feeder \"north\", which is not in this file; there is none in this file"},
        {"[[feeder]]\nname = \"north\"\nmeter = \"poi\"", "[[feeder]]\nname = \"north\"\nmeter = \"pio\"",
         R"(site.toml:27:9: 'meter' names the meter "pio", which is not in this file; did you mean "poi"?)"},
        {"[[feeder]]\nname = \"north\"",
         "[[meter]]\nname = \"poi\"\ndriver = \"modbus\"\nhost = \"10.0.0.8\"\npower = { function = "
         "\"input\", address = 0, type = \"int16\", scale_w = 1 }\n[[feeder]]\nname = \"north\"",
         R"(site.toml:26:8: 'name' is "poi", which is taken; a name is given once)"},
        {R"(function = "holding", address = 3059)", R"(function = "coil", address = 3059)",
         R"(site.toml:23:22: 'function' is "coil"; allowed: holding, input)"},
        {"address = 3059", "address = 65535",
         "site.toml:23:43: 'address' is 65535 and the value has 2 registers; the last one allowed is 65535"},
        {"address = 3059", "address = 43059.5",
         "site.toml:23:43: 'address' is 43059.5; allowed: 0 to 65535, whole numbers only"},
        {R"(type = "float32")", R"(type = "float")",
         R"(site.toml:23:56: 'type' is "float"; allowed: int16, uint16, int32, uint32, int64, uint64, float32, float64)"},
        {R"(, order = "abcd", scale_w)", ", scale_w",
         "site.toml:23:9: 'power' of [[meter]] poi has no 'order'; allowed: abcd, badc, cdab, dcba (abcd: "
         "high word first)"},
        {"scale_w = 1000", "scale = 1000",
         "site.toml:23:9: 'power' of [[meter]] poi has no 'scale_w'; expected what turns the register's "
         "value into W: 1, 1000, -1, ...\nsite.toml:23:83: unknown key \"scale\" in 'power' of [[meter]] "
         "poi; did you mean 'scale_w'?"},
        {"scale_w = 1000 }", "scale_w = 1000 }\nplausible_min_kw = 3\nplausible_max_kw = 2",
         "site.toml:24:20: 'plausible_min_kw' is above 'plausible_max_kw'; allowed: at most that"},
        {"scale_w = 1000 }", "scale_w = 1000 }\nplausible_max_kw = 20000000",
         "site.toml:24:20: 'plausible_max_kw' is 20000000; allowed: -10000000 to 10000000"},
        {"scale_w = 1000", "scale_w = 0",
         "site.toml:23:93: 'scale_w' is 0; allowed: any but 0, from 1e-09 to 1000000000 in size"},
        {R"(host = "10.0.0.5")", "host = \"10.0.0.5\"\nunit_id = 300",
         "site.toml:23:11: 'unit_id' is 300; allowed: 0 to 255"},
        {R"(host = "10.0.0.5")", "host = \"10.0.0.5\"\nbaud = 9600",
         R"(site.toml:23:8: 'baud' is not allowed here; it belongs to transport = "rtu")"},
        {R"(host = "10.0.0.5")", "transport = \"serial\"\nhost = \"10.0.0.5\"",
         R"(site.toml:22:13: 'transport' is "serial"; allowed: tcp, rtu)"},
        {R"(host = "10.0.0.5")", "transport = \"rtu\"\ndevice = \"/dev/ttyS0\"\nbaud = 19200",
         R"(site.toml:69:10: "/dev/ttyS0" has another baud, parity or stop_bits than on line 23; one line has one setting)"},
        {R"(host = "10.0.0.5")", "host = \"10.0.0.5\"\nperiod_ms = 5000\nstale_after_s = 5",
         "site.toml:24:17: 'stale_after_s' is 5 and it is asked every 5000 ms only; allowed: more than one "
         "period"},
        {"broker = \"main\"\non_stale = \"hold\"\n", "broker = \"main\"\n",
         "site.toml:29:1: [[signal]] lmp has no 'on_stale'; what shall its silence mean? allowed: hold, "
         "shed, run"},
        {"broker = \"main\"\non_stale = \"hold\"\n", "broker = \"main\"\non_stale = \"keep\"\n",
         R"(site.toml:34:12: 'on_stale' is "keep"; allowed: hold, shed, run)"},
        {"broker = \"main\"\non_stale = \"hold\"\n", "broker = \"mian\"\non_stale = \"hold\"\n",
         R"(site.toml:33:10: 'broker' names the broker "mian", which is not in this file; did you mean "main"?)"},
        {"broker = \"main\"\non_stale = \"hold\"\n", "on_stale = \"hold\"\n",
         "site.toml:29:1: [[signal]] lmp has no 'broker'; expected the name of a broker, [mqtt.NAME]"},
        {"broker = \"main\"\non_stale = \"hold\"\n",
         "broker = \"main\"\non_stale = \"hold\"\nunit = \"kW\"\n",
         R"(site.toml:35:8: 'unit' is "kW", which is no unit of a price; allowed: USD/MWh, USD/kWh, ct/MWh, ct/kWh, or another currency that [fx] knows)"},
        {"broker = \"main\"\non_stale = \"hold\"\n",
         "broker = \"main\"\non_stale = \"hold\"\nplausible_min = 10\nplausible_max = -10\n",
         "site.toml:35:17: 'plausible_min' is above 'plausible_max'; allowed: at most that"},
        {"broker = \"main\"\non_stale = \"hold\"\n",
         "broker = \"main\"\non_stale = \"hold\"\nhost = \"10.0.0.9\"\n",
         R"(site.toml:35:8: 'host' is not allowed here; it belongs to driver = "modbus")"},
        {"broker = \"main\"\non_stale = \"hold\"\n",
         "broker = \"main\"\non_stale = \"hold\"\ntime = \"/ts\"\n",
         "site.toml:35:8: 'time' is not allowed here; it belongs to a mapping, which has 'value' with a JSON "
         "pointer"},
        {"name = \"lmp\"\nkind = \"price\"", "name = \"lmp\"\nkind = \"prices\"",
         R"(site.toml:31:8: 'kind' is "prices"; allowed: price, dispatch, contact, limit, hashprice, temperature, heat, system_demand, peak_forecast, local)"},
        {"name = \"lmp\"\nkind", "name = \"operator\"\nkind",
         "site.toml:30:8: 'name' is \"operator\", which is the source of every person's word; allowed: any "
         "other\nsite.toml:108:10: 'signal' names the signal \"lmp\", which is not in this file; known: "
         "operator, feed, utility, contact, limit"},
        {R"(topic = "grid/+/lmp")", R"(topic = "grid/+x/lmp")",
         R"(site.toml:41:9: 'topic' is "grid/+x/lmp"; allowed: levels parted by '/', '+' for one whole level, '#' for all below and only as the last)"},
        {R"(value = "/data/0/price")", R"(value = "data.price")",
         R"(site.toml:42:9: 'value' is "data.price"; allowed: a JSON pointer like "/data/0/price")"},
        {"unit = \"EUR/MWh\"\n", "",
         "site.toml:36:1: [[signal]] feed has no 'unit'; allowed: USD/MWh, USD/kWh, ct/MWh, ct/kWh, or "
         "another currency that [fx] knows"},
        {R"(unit = "EUR/MWh")", R"(unit = "GBP/MWh")",
         "site.toml:43:8: 'unit' is in GBP and the site in USD; allowed: the site's currency, or give the "
         "rate: [fx] GBP = ..."},
        {R"(unit = "EUR/MWh")", R"(unit = "MWh")",
         R"(site.toml:43:8: 'unit' is "MWh", which is no unit of a price; allowed: USD/MWh, USD/kWh, ct/MWh, ct/kWh, or another currency that [fx] knows)"},
        {"interval_s = 300\n", "",
         "site.toml:36:1: [[signal]] feed has no 'interval_s'; expected the length of a price interval, or "
         "'end' with the pointer to its end"},
        {"interval_s = 300", "interval_s = 300\nend = \"/end\"",
         "site.toml:44:14: 'interval_s' and 'end' both say how long it lasts; give one"},
        {"interval_s = 300", "interval_s = 300\nrelease = \"/over\"",
         "site.toml:45:11: 'release' is not allowed here; only a dispatch or a limit is released"},
        {"interval_s = 300", "interval_s = 300\ntime_format = \"iso\"",
         R"(site.toml:45:15: 'time_format' is "iso"; allowed: rfc3339, unix_s, unix_ms)"},
        {"kind = \"contact\"\ndriver = \"modbus\"", "kind = \"contact\"\ndriver = \"mqtt\"",
         R"(site.toml:57:10: 'driver' is "mqtt" and a contact is a wire; allowed: modbus)"},
        {R"(active = "closed")", R"(active = "on")",
         R"(site.toml:59:58: 'active' is "on"; allowed: open, closed)"},
        {"contact = { function = \"discrete\", address = 0, active = \"closed\" }\n", "",
         "site.toml:54:1: [[signal]] contact has no 'contact'; expected { function, address, active, "
         "debounce_ms }"},
        {"name = \"contact\"\nkind = \"contact\"", "name = \"contact\"\nkind = \"dispatch\"",
         R"(site.toml:56:8: 'kind' is "dispatch" and a register has no id, start or end; allowed with driver = "modbus": price, contact, limit, temperature, heat, local)"},
        {"name = \"limit\"\nkind = \"limit\"", "name = \"limit\"\nkind = \"hashprice\"",
         R"(site.toml:64:8: 'kind' is "hashprice", which no register tells; allowed with driver = "modbus": price, contact, limit, temperature, heat, local; or driver = "mqtt"
site.toml:115:34: "limit" is no dispatch, contact or limit; allowed: signals of these kinds)"},
        {R"(topic = "grid/+/lmp")", R"(topic = "$share/us/grid/lmp")",
         "site.toml:41:9: 'topic' is a shared subscription: each message would reach only one of those who share it; allowed: a topic of its own"},
        {"name = \"contact\"\nkind = \"contact\"", "name = \"contact\"\nkind = \"local\"",
         "site.toml:60:12: 'on_stale' is not allowed here; a switch that is not heard stays as it was last seen\n"
         "site.toml:115:23: \"contact\" is no dispatch, contact or limit; allowed: signals of these kinds"},
        {"broker = \"main\"\non_stale = \"run\"", "broker = \"main\"\nsame_as = \"lmp\"",
         "site.toml:52:11: \"lmp\" is no dispatch, contact or limit; allowed: signals of these kinds\n"
         "site.toml:115:12: \"utility\" is a channel of \"lmp\"; name that"},
        {"broker = \"main\"\non_stale = \"run\"", "broker = \"main\"\non_stale = \"run\"\nagree_within_s = 30",
         "site.toml:53:18: 'agree_within_s' is not allowed here; it belongs to a second channel, which has 'same_as'"},
        {"broker = \"main\"\non_stale = \"run\"", "broker = \"main\"\non_stale = \"run\"\nin_local = \"observe\"",
         "site.toml:53:12: 'in_local' is not allowed here; it belongs to kind = \"local\""},
        {R"(unit = "kW" })", R"(unit = "kWh" })",
         R"(site.toml:68:87: 'unit' is "kWh", which is no unit of a limit; allowed: W, kW, MW)"},
        {"device = \"/dev/ttyS0\"\n", "",
         R"(site.toml:62:1: [[signal]] limit has no 'device'; expected a serial line like "/dev/ttyS0")"},
        {R"(driver = "metered")", R"(driver = "meterd")",
         R"(site.toml:73:10: 'driver' is "meterd"; allowed: luxos, contactor, metered, gpu)"},
        {R"(tier = "firm")", R"(tier = "interruptible")",
         R"(site.toml:74:8: 'tier' is "interruptible" and a metered group takes no orders; allowed: firm)"},
        {"nameplate_kw = 1200\n", "",
         "site.toml:71:1: [[group]] hall has no 'nameplate_kw'; expected a number, 0.001 to 10000000"},
        {"nameplate_kw = 1200", "nameplate_kw = 20000000",
         "site.toml:76:16: 'nameplate_kw' is 20000000; allowed: 0.001 to 10000000"},
        {"reserve_kw = 800", "reserve_kw = 1800",
         "site.toml:77:14: 'reserve_kw' is above 'nameplate_kw'; allowed: at most that"},
        {"reserve_kw = 800", "reserve_kw = 800\nnotice_topic = \"hall/notice\"",
         "site.toml:78:16: 'notice_topic' is not allowed here; it belongs to a group with an 'owner'"},
        {"reserve_kw = 800", R"(meter = "poi")", "site.toml:77:9: 'meter' is text; expected a table"},
        {R"(feeder = "north")", R"(feeder = "nroth")",
         R"(site.toml:75:10: 'feeder' names the feeder "nroth", which is not in this file; did you mean "north"?)"},
        {"driver = \"luxos\"\ntier = \"interruptible\"\ncontactor",
         "driver = \"luxos\"\ntier = \"flexible\"\ncontactor",
         R"(site.toml:82:8: 'tier' is "flexible" and driver luxos cannot slow its loads; allowed: firm, interruptible
site.toml:109:11: "miners" is flexible, and no price slows it; allowed: interruptible groups
site.toml:136:15: contactor "block" carries "miners", which is flexible and saves nothing within a trip; allowed: contactors of interruptible groups)"},
        {"driver = \"luxos\"\ntier = \"interruptible\"\ncontactor", "driver = \"luxos\"\ncontactor",
         "site.toml:102:12: contactor \"block\" carries \"miners\", which is firm because it has no 'tier'; "
         "allowed: interruptible groups only\nsite.toml:108:11: \"miners\" is firm because it has no 'tier', "
         "and no price stops it; allowed: interruptible groups"},
        {R"(contactor = "block")", R"(contactor = "spare")",
         R"(site.toml:83:13: 'contactor' is "spare", which is a luxos group; allowed: a group with driver = "contactor")"},
        {R"(contactor = "block")", R"(contactor = "blok")",
         R"(site.toml:83:13: 'contactor' names the group "blok", which is not in this file; did you mean "block"?)"},
        {R"(inventory = "fleet.csv")", R"(inventory = "flete.csv")",
         R"(site.toml:84:13: 'inventory' is "flete.csv", which cannot be read: there is no such file; expected a CSV beside the site file)"},
        {"inventory = \"fleet.csv\"\n", "",
         "site.toml:79:1: [[group]] miners has no 'inventory'; expected a CSV of its machines, or "
         "[[group.machine]] for each"},
        {R"(inventory = "fleet.csv")", "inventory = \"fleet.csv\"\nmin_off_min = 10",
         R"(site.toml:85:1: unknown key "min_off_min" in [[group]] miners; did you mean 'min_off_s'?)"},
        {R"(inventory = "fleet.csv")", "inventory = \"fleet.csv\"\nstagger_ms = -1",
         "site.toml:85:14: 'stagger_ms' is -1; allowed: 0 to 3600000"},
        {R"(id = "s-1")", R"(id = "m-1")",
         R"(site.toml:90:1: machine "m-1" is at fleet.csv:2 already; an id is given once)"},
        {R"(id = "s-1")", R"(id = "s 1")",
         R"(site.toml:91:6: 'id' is "s 1"; allowed: letters, digits, '-', '_', '.' and ':', the first a letter or digit, at most 64)"},
        {R"(id = "s-1")", R"(id = "hall")",
         R"(site.toml:72:8: 'name' is "hall", which the machine at site.toml:90 has for its id; a person's word must say which)"},
        {R"(host = "10.1.0.1")", R"(host = "10.2.0.1")",
         R"(site.toml:90:1: machines "m-1" and "s-1" share 10.2.0.1:4028; one address is one machine)"},
        {"watts = 3500", "watts = 0", "site.toml:93:9: 'watts' is 0; allowed: 1 to 1000000"},
        {"watts = 3500\n", "",
         R"(site.toml:90:1: [[group.machine]] 1 of "spare" has no 'watts'; expected a number, 1 to 1000000)"},
        {"joules_per_terahash = 17.5", "joules_per_terahash = 17.5555",
         "site.toml:94:23: 'joules_per_terahash' is 17.5555; allowed: 0.001 to 10000, at most 3 decimals"},
        {"joules_per_terahash = 17.5", "joules_per_hash = 17.5",
         R"(site.toml:94:1: unknown key "joules_per_hash" in [[group.machine]] 1 of "spare"; did you mean 'joules_per_terahash'?)"},
        {R"(name = "spare")", R"(name = "miners")",
         "site.toml:87:8: 'name' is \"miners\", which is taken; a name is given once\nsite.toml:109:21: "
         "'groups' names the group \"spare\", which is not in this file; known: hall, miners, miners, block"},
        {"coil = 0\n", "", "site.toml:96:1: [[group]] block has no 'coil'; expected a number, 0 to 65535"},
        {"feedback = { function = \"discrete\", address = 0 }\n", "",
         "site.toml:96:1: [[group]] block has no 'feedback'; expected { function, address, closed }: an "
         "opening must be seen"},
        {R"(carries = ["miners"])", R"(carries = ["hall"])",
         "site.toml:83:13: 'contactor' is \"block\", but the 'carries' of \"block\" does not list "
         "\"miners\"; add it there\nsite.toml:103:12: contactor \"block\" carries \"hall\", which is firm; "
         "allowed: interruptible groups only"},
        {R"(carries = ["miners"])", R"(carries = ["miner"])",
         "site.toml:83:13: 'contactor' is \"block\", but the 'carries' of \"block\" does not list "
         "\"miners\"; add it there\nsite.toml:103:12: 'carries' names the group \"miner\", which is not in "
         "this file; did you mean \"miners\"?"},
        {R"(carries = ["miners"])", R"(carries = "miners")",
         "site.toml:83:13: 'contactor' is \"block\", but the 'carries' of \"block\" does not list "
         "\"miners\"; add it there\nsite.toml:103:11: 'carries' is text; expected an array of names, [\"a\", "
         "\"b\"]"},
        {R"(carries = ["miners"])", R"(carries = ["miners", "miners"])",
         R"(site.toml:103:22: 'carries' names "miners" twice; once is enough)"},
        {R"(carries = ["miners"])", R"(carries = ["miners", "block"])",
         R"(site.toml:103:22: contactor "block" carries "block", which is a contactor group; allowed: groups of machines)"},
        {R"(carries = ["miners"])", R"(carries = ["spare"])",
         R"(site.toml:83:13: 'contactor' is "block", but the 'carries' of "block" does not list "miners"; add it there)"},
        {R"(carries = ["miners"])", "carries = [\"miners\"]\nnameplate_kw = 1000",
         "site.toml:104:16: 'nameplate_kw' is not allowed here; what it carries has nameplates of its own"},
        {R"(signal = "lmp")", R"(signal = "lpm")",
         R"(site.toml:108:10: 'signal' names the signal "lpm", which is not in this file; did you mean "lmp"?)"},
        {R"(signal = "lmp")", R"(signal = "utility")",
         R"(site.toml:108:10: 'signal' is "utility", which is no price; allowed: a signal with kind = "price")"},
        {R"(groups = ["miners", "spare"])", R"(groups = ["miners", "hall"])",
         R"(site.toml:109:21: "hall" is firm, and no price stops it; allowed: interruptible groups)"},
        {R"(groups = ["miners", "spare"])", R"(groups = ["miners", "block"])",
         R"(site.toml:109:21: "block" is a contactor, and none opens for a price; allowed: groups of machines)"},
        {R"(groups = ["miners", "spare"])", "groups = []",
         "site.toml:109:10: 'groups' is empty; expected at least one name"},
        {"hashprice = 45", "hashprice = 45\nstrike_per_mwh = 80",
         "site.toml:111:18: 'strike_per_mwh' and 'hashprice' both say when to stop; give one"},
        {"hashprice = 45\n", "",
         "site.toml:105:1: [[policy]] strike has no 'hashprice'; expected 'hashprice' (currency per PH/s and "
         "day) or 'strike_per_mwh'"},
        {"hashprice = 45", "hashprice = 45.1234567891",
         "site.toml:110:13: 'hashprice' is 45.1234567891; allowed: 0 to 1000000, at most 9 decimals"},
        {"hashprice = 45", "hashprice = 45\nescalate_to = \"contactor\"",
         R"(site.toml:111:15: 'escalate_to' is "contactor", and a price never cuts power; allowed: repeat)"},
        {"hashprice = 45", "hashprice = 45\npool_fee_percent = 100",
         "site.toml:111:20: 'pool_fee_percent' is 100; allowed: 0 to 99.9999"},
        {"hashprice = 45", "hashprice = 45\nup_after = 0",
         "site.toml:111:12: 'up_after' is 0; allowed: 1 to 96"},
        {"hashprice = 45", "hashprice = 45\ncurrency = \"CAD\"",
         R"(site.toml:111:12: 'currency' is "CAD" and the site's USD; allowed: the site's, or give the rate: [fx] CAD = ...)"},
        {"name = \"obligations\"\nkind = \"dispatch\"\nsignals",
         "name = \"second\"\nkind = \"price_strike\"\nsignal = \"lmp\"\ngroups = [\"spare\"]\nstrike_per_mwh "
         "= 80\n[[policy]]\nname = \"obligations\"\nkind = \"dispatch\"\nsignals",
         R"(site.toml:116:11: "spare" has another strike by "strike" already; one machine has one strike)"},
        {"name = \"obligations\"\nkind = \"dispatch\"\nsignals",
         "name = \"second\"\nkind = \"price_strike\"\nsignal = \"lmp\"\ngroups = [\"spare\"]\nhashprice = "
         "45\ncurrency = \"EUR\"\n[[policy]]\nname = \"obligations\"\nkind = \"dispatch\"\nsignals",
         R"(site.toml:116:11: "spare" has a price in USD by "strike" and in EUR by "second"; one group has one currency)"},
        {R"(name = "obligations")", R"(name = "strike")",
         R"(site.toml:113:8: 'name' is "strike", which is taken; a name is given once)"},
        {R"(signals = ["utility", "contact", "limit"])", R"(signals = ["utility", "lmp"])",
         R"(site.toml:115:23: "lmp" is no dispatch, contact or limit; allowed: signals of these kinds)"},
        {R"(signals = ["utility", "contact", "limit"])", R"(signals = ["utility", "contacts"])",
         R"(site.toml:115:23: 'signals' names the signal "contacts", which is not in this file; did you mean "contact"?)"},
        {R"(kind = "site_cap")", R"(kind = "site-cap")",
         R"(site.toml:119:8: 'kind' is "site-cap"; allowed: price_strike, dispatch, site_cap, demand_charge, programme, minimum_draw, under_frequency, ambient_derating, heat_demand, coincident_peak)"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"programme\"",
         "site.toml:117:1: [[policy]] contract has no 'signals'; expected [\"a\", \"b\"], the sources it obeys"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"programme\"\npreset = \"ercot_ers_20\"\nsignals = [\"utility\"]",
         "site.toml:120:10: 'preset' is \"ercot_ers_20\"; did you mean \"ercot_ers_10\"?\nsite.toml:121:12: \"utility\" is obeyed by \"obligations\" already; a signal belongs to one programme"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"programme\"\nsignals = [\"market\"]\nseason = \"winter\"\nhours = \"25:00-26:00\"",
         "site.toml:120:12: 'signals' names the signal \"market\", which is not in this file; known: lmp, feed, utility, contact, limit\nsite.toml:121:10: 'season' is \"winter\"; allowed: two days of a year, like \"12-01..03-31\"\nsite.toml:122:9: 'hours' is \"25:00-26:00\"; allowed: two times on the wall, like \"17:00-21:00\""},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"programme\"\nsignals = [\"utility\"]\nceiling_kw = 5\nreduce_percent_of_offered = 50",
         "site.toml:120:12: \"utility\" is obeyed by \"obligations\" already; a signal belongs to one programme\nsite.toml:122:29: 'reduce_percent_of_offered' and a ceiling both say how low to go; give one"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"programme\"\npreset = \"hydro_quebec_cb\"\nsignals = [\"utility\"]",
         "site.toml:117:1: 'currency' is \"CAD\" and the site's USD; allowed: the site's, or give the rate: [fx] CAD = ...\nsite.toml:117:1: [[policy]] contract has no 'peak_kw'; expected the 12-month peak of the last invoice, of which this programme takes a share; 0 if a year has been metered\nsite.toml:121:12: \"utility\" is obeyed by \"obligations\" already; a signal belongs to one programme"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"programme\"\nsignals = [\"utility\"]\nuntil_release = true\nmax_duration_s = 60\nmin_duration_s = 90",
         "site.toml:120:12: \"utility\" is obeyed by \"obligations\" already; a signal belongs to one programme\nsite.toml:122:18: 'max_duration_s' and 'until_release' contradict each other; give one\nsite.toml:123:18: 'min_duration_s' is above 'max_duration_s'; allowed: up to it"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"programme\"\npreset = \"aeso_lssi\"\nsignals = [\"utility\"]\narmed = \"sometimes\"\nofferd_kw = 5",
         "site.toml:117:1: [[policy]] contract has no 'offered_kw'; expected the volume that was offered, of which this programme takes a share\nsite.toml:121:12: \"utility\" is obeyed by \"obligations\" already; a signal belongs to one programme\nsite.toml:122:9: 'armed' is \"sometimes\"; allowed: never, always, signalled\nsite.toml:123:1: unknown key \"offerd_kw\" in [[policy]] contract; did you mean 'offered_kw'?"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"minimum_draw\"\nat_least_kw = 500\nkeep_kw = 400\ngroup = \"minors\"",
         "site.toml:121:11: 'keep_kw' is below 'at_least_kw'; allowed: from it on\nsite.toml:122:9: 'group' names the group \"minors\", which is not in this file; did you mean \"miners\"?"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"minimum_draw\"\nat_least_kw = 0",
         "site.toml:120:15: 'at_least_kw' is 0; allowed: 0.001 to 10000000"},
        {"hashprice = 45", "strike_per_mwh = 80\nadder_per_mwh = 5",
         "site.toml:111:17: 'adder_per_mwh' is not allowed here; a given strike has it in already"},
        {"hashprice = 45", "hashprice = 45\nexpected_spike_s = 0", "site.toml:111:20: 'expected_spike_s' is 0; allowed: 1 to 2678400"},
        {"hashprice = 45", "hashprice = 45\nworth_cycling = false\nexpected_spike_s = 600", "site.toml:112:20: 'expected_spike_s' is not allowed here; with worth_cycling = false nothing is weighed"},
        {"hashprice = 45", "hashprice = 45\nworth_cycling = 1", "site.toml:111:17: 'worth_cycling' is a whole number; expected true or false"},
        {"inventory = \"fleet.csv\"", "inventory = \"fleet.csv\"\nramp_s = -1\ncycle_wear_per_kw = 2000", "site.toml:85:10: 'ramp_s' is -1; allowed: 0 to 7200\nsite.toml:86:21: 'cycle_wear_per_kw' is 2000; allowed: 0 to 1000"},
        {"joules_per_terahash = 17.5\n", "joules_per_terahash = 17.5\nstrike_per_mwh = 70\n[[group.machine]]\nid = \"s-2\"\nhost = \"10.1.0.2\"\nwatts = 3500\n",
         "site.toml:114:21: \"spare\" has machines with a strike of their own beside some that follow the hashprice; allowed: hosted machines in a group of their own, or 'strike_per_mwh' for the others"},
        {"overhead_kw = 60", "overhead_kw = 60\nhedge_price_per_mwh = 40", "site.toml:1:1: [site] has no 'hedge_kw'; a price without a quantity buys nothing"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"demand_charge\"", "site.toml:117:1: [[policy]] contract has no 'price_per_kw_month'; expected what a kW of the month's highest mean costs\nsite.toml:117:1: [[policy]] contract has no 'mining_earns_per_mwh'; expected what mining earns per MWh beyond its energy"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000",
         "kind = \"demand_charge\"\nprice_per_kw_month = 8\nmining_earns_per_mwh = 20\nwindow_min = 20", "site.toml:122:14: 'window_min' is 20; allowed: 15 or 30"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"coincident_peak\"",
         "site.toml:117:1: [[policy]] contract has no 'demand'; expected a signal with the system's demand, or 'forecasts' with those that foresee its peaks\nsite.toml:117:1: [[policy]] contract has no 'groups'; expected [\"a\", \"b\"], the groups it may stop\nsite.toml:117:1: [[policy]] contract has no 'per'; allowed: month, season\nsite.toml:117:1: [[policy]] contract has no 'value_per_kw_year'; expected what a kW less in all of a season's counted demands saves"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"coincident_peak\"\ndemand = \"lmp\"\nforecasts = [\"fed\"]\ngroups = [\"hall\"]\nper = \"year\"\nvalue_per_kw_year = -1", "site.toml:120:10: \"lmp\" is no system_demand; allowed: a signal with kind = \"system_demand\"\nsite.toml:121:14: 'forecasts' names the signal \"fed\", which is not in this file; did you mean \"feed\"?\nsite.toml:122:11: \"hall\" is not interruptible, and nothing stops it for money; allowed: interruptible groups\nsite.toml:123:7: 'per' is \"year\"; allowed: month, season\nsite.toml:124:21: 'value_per_kw_year' is -1; allowed: 0 to 100000"},
        {"kind = \"site_cap\"\nact_above_kw = 40000\naim_kw = 39500\nrelease_kw = 39000", "kind = \"coincident_peak\"\ndemand = \"lmp\"\ngroups = [\"spare\"]\nper = \"month\"\nseason = \"06-01..09-30\"\ncount = 1\npast_peaks_mw = [80000, 81000]\ninterval_min = 25\nlead_s = 1800\nvalue_per_kw_year = 67", "site.toml:120:10: \"lmp\" is no system_demand; allowed: a signal with kind = \"system_demand\"\nsite.toml:125:17: 'past_peaks_mw' has 2 number(s), and 4 demand(s) of a season are counted; allowed: as many, in the order of the calendar\nsite.toml:126:16: 'interval_min' is 25; allowed: 5, 6, 10, 12, 15, 20, 30 or 60\nsite.toml:127:10: 'lead_s' is above an interval; allowed: up to 'interval_min'"},
        {"kind = \"price\"", "kind = \"peak_forecast\"\nvalue = \"/p\"\nunit = \"MW\"", "site.toml:29:1: [[signal]] lmp has no 'interval_s'; expected the length of the window that is foreseen, or 'end' with the pointer to its end\nsite.toml:33:8: 'unit' is \"MW\", which is no unit of a peak_forecast; allowed: share, percent\nsite.toml:110:10: 'signal' is \"lmp\", which is no price; allowed: a signal with kind = \"price\""},
        {"aim_kw = 39500", "aim_kw = 40500",
         "site.toml:121:10: 'aim_kw' is above 'act_above_kw'; allowed: release_kw <= aim_kw <= act_above_kw"},
        {"release_kw = 39000", "release_kw = 39900",
         "site.toml:122:14: 'release_kw' is above 'aim_kw'; allowed: release_kw <= aim_kw <= act_above_kw"},
        {"act_above_kw = 40000\n", "",
         "site.toml:117:1: [[policy]] contract has no 'act_above_kw'; expected a number, 0.001 to 10000000"},
        {"release_kw = 39000", "release_kw = 39000\n\n[limits]\nmax_kw = 1",
         R"(site.toml:124:2: unknown key "limits" in the site file; known: mqtt, meter, feeder, fx, site, journal, http, signal, group, policy)"},
        {R"(name = "uf")", R"(name = "spare")",
         R"(site.toml:125:8: 'name' is "spare", which a load, a group or the site has too; a person's word must say which)"},
        {R"(nominal_hz = 60)", R"(nominal_hz = 55)",
         R"(site.toml:127:14: 'nominal_hz' is 55; allowed: 50, 60)"},
        {"nominal_hz = 60\n", R"()",
         "site.toml:124:1: [[policy]] uf has no 'nominal_hz'; expected a number, 50 to 60"},
        {R"(restore_above_hz = 59.9)", R"(restore_above_hz = 59.4)",
         R"(site.toml:128:20: 'restore_above_hz' is 59.4; allowed: above the first stage (59.5) and at most nominal_hz (60))"},
        {"restore_after_s = 300\n", R"()",
         R"(site.toml:124:1: [[policy]] uf has no 'restore_after_s'; expected a number, 0 to 86400)"},
        {R"(restore_above_hz = 59.9)", "samples = 0\nrestore_above_hz = 59.9",
         R"(site.toml:128:11: 'samples' is 0; allowed: 1 to 50)"},
        {R"(host = "10.0.0.8")", "host = \"10.0.0.8\"\nperiod_ms = 5",
         R"(site.toml:133:13: 'period_ms' is 5; allowed: 20 to 1000)"},
        {R"(host = "10.0.0.8")", "transport = \"rtu\"\ndevice = \"/dev/ttyS1\"",
         R"(site.toml:132:13: 'transport' is "rtu", where others take their turns; allowed: tcp, on a connection of its own)"},
        {R"(host = "10.0.0.8")", "host = \"10.0.0.8\"\nplausible_min_hz = 59.6",
         R"(site.toml:136:12: 'below_hz' is 59.5; allowed: below nominal_hz (60) and above the meter's plausible_min_hz (59.6))"},
        {R"(, scale_hz = 0.01 })", R"( })",
         R"(site.toml:133:13: 'frequency' of 'meter' of [[policy]] uf has no 'scale_hz'; expected what turns the register's value into Hz: 1, 0.01, 0.001, ...)"},
        {R"(below_hz = 59.5)", R"(below_hz = 60.5)",
         "site.toml:128:20: 'restore_above_hz' is 59.9; allowed: above the first stage (60.5) and at most nominal_hz (60)\nsite.toml:135:12: 'below_hz' is 60.5; allowed: below nominal_hz (60) and above the meter's plausible_min_hz (54)"},
        {"below_hz = 59.5\n", R"()",
         R"(site.toml:134:1: stage 1 of [[policy]] uf has no 'below_hz'; expected a number, 1 to 100)"},
        {R"(contactors = ["block"])", R"(contactors = ["miners"])",
         R"(site.toml:136:15: "miners" is no contactor; allowed: groups with driver = "contactor")"},
        {R"(contactors = ["block"])", R"(contactors = ["blokc"])",
         R"(site.toml:136:15: 'contactors' names the group "blokc", which is not in this file; did you mean "block"?)"},
        {"contactors = [\"block\"]\n", "contactors = [\"block\"]\n[[policy.stage]]\nbelow_hz = 59.3\ncontactors = [\"block\"]\n",
         R"(site.toml:139:15: contactor "block" is in a stage above already; one contactor has one stage)"},
        {"contactors = [\"block\"]\n", "contactors = [\"block\"]\n[[policy.stage]]\nbelow_hz = 59.7\ncontactors = []\n",
         "site.toml:138:12: 'below_hz' is 59.7 and the stage before it trips below 59.5; stages stand by falling frequency\nsite.toml:139:14: 'contactors' is empty; expected at least one name"},
        {"name = \"block\"\ndriver = \"contactor\"\ntier = \"interruptible\"", "name = \"block\"\ndriver = \"contactor\"",
         R"(site.toml:135:15: contactor "block" is firm because it has no 'tier', and no trip opens it; allowed: interruptible contactors)"},
        {"[[policy.stage]]\nbelow_hz = 59.5\ncontactors = [\"block\"]\n", R"()",
         R"(site.toml:124:1: [[policy]] uf has no 'stage'; expected at least one [[policy.stage]] with below_hz and contactors)"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\nunder = \"nort\"\n",
         "site.toml:28:9: 'under' names the feeder \"nort\", which is not in this file; did you mean \"north\"?"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\nunder = \"north\"\n",
         "site.toml:28:9: 'under' is \"north\", which is fed through \"north\" itself; allowed: no ring"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\nlimit_a = 400\n",
         "site.toml:25:1: [[feeder]] north has no 'voltage_v'; expected the voltage between two lines that 'limit_a' counts at"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\nlimit_kva = 2000\npower_factor = 1.2\n",
         "site.toml:29:16: 'power_factor' is 1.2; allowed: 0.5 to 1"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\nlimit_kw = 2000\npower_factor = 0.95\n",
         "site.toml:29:16: 'power_factor' is not allowed here; a limit in kW needs none; it belongs to limit_kva and limit_a"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\npower_factor = 0.95\n",
         "site.toml:28:16: 'power_factor' is not allowed here; it belongs to a limit: limit_kw, limit_kva or limit_a"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\nlimit_kw = 0\n",
         "site.toml:28:12: 'limit_kw' is 0; allowed: 0.001 to 10000000"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\nlimit_kw = 900\nvoltage_v = 415\n",
         "site.toml:29:13: 'voltage_v' is not allowed here; it belongs to limit_a"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\nlimit_a = 400\nvoltage_v = 415\nphases = 2\n",
         "site.toml:30:10: 'phases' is 2; allowed: 1 or 3"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"site\"\n",
         "site.toml:26:8: 'name' is \"site\", which means all of it; allowed: any other\nsite.toml:74:10: 'feeder' names the feeder \"north\", which is not in this file; known: site"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\ncold_start_lockout_s = 60\n",
         "site.toml:27:24: 'cold_start_lockout_s' is given and no 'meter' that would show a loss of supply; allowed with one"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\nrelease_spread_s = 60\n",
         "site.toml:28:20: 'release_spread_s' is not allowed here; it belongs to 'cold_start_lockout_s'"},
        {"name = \"north\"\nmeter = \"poi\"\n",
         "name = \"north\"\nmeter = \"poi\"\ninrush_within_s = 2\n",
         "site.toml:25:1: [[feeder]] north has no 'inrush_kw'; a time without what may start in it limits nothing"},
        {"overhead_kw = 60\n",
         "overhead_kw = 60\ncooling_percent = 120\n",
         "site.toml:6:19: 'cooling_percent' is 120; allowed: 0 to 100"},
        {"[[signal]]\nname = \"utility\"\n",
         "[[signal]]\nname = \"yard\"\nkind = \"temperature\"\ndriver = \"mqtt\"\nbroker = \"main\"\nunit = \"degF\"\non_stale = \"shed\"\n\n[[signal]]\nname = \"utility\"\n",
         "site.toml:52:8: 'unit' is \"degF\", which is no unit of a temperature; allowed: degC"},
        {"[[signal]]\nname = \"utility\"\n",
         "[[signal]]\nname = \"yard\"\nkind = \"temperature\"\nplausible_min = 80\nplausible_max = 70\ndriver = \"mqtt\"\nbroker = \"main\"\non_stale = \"shed\"\n\n[[signal]]\nname = \"utility\"\n",
         "site.toml:50:17: 'plausible_min' is above 'plausible_max'; allowed: at most that"},
        {"[[policy]]\nname = \"strike\"\n",
         "[[policy]]\nname = \"summer\"\nkind = \"ambient_derating\"\n[[policy]]\nname = \"strike\"\n",
         "site.toml:105:1: [[policy]] summer has no 'signal'; expected the name of a temperature signal\nsite.toml:105:1: [[policy]] summer has no 'table'; expected [{ at_c = 30, percent = 100 }, { at_c = 50, percent = 70 }], by temperature"},
        {"[[policy]]\nname = \"strike\"\n",
         "[[policy]]\nname = \"summer\"\nkind = \"ambient_derating\"\nsignal = \"lmp\"\ntable = [{ at_c = 30, percent = 100 }]\n\n[[policy]]\nname = \"strike\"\n",
         "site.toml:108:10: 'signal' is \"lmp\", which tells no temperature; allowed: a signal with kind = \"temperature\""},
        {"[[policy]]\nname = \"strike\"\n",
         "[[signal]]\nname = \"yard\"\nkind = \"temperature\"\ndriver = \"mqtt\"\nbroker = \"main\"\non_stale = \"shed\"\n\n[[policy]]\nname = \"summer\"\nkind = \"ambient_derating\"\nsignal = \"yard\"\ntable = [{ at_c = 30, percent = 100 }, { at_c = 30, percent = 90 }]\n\n[[policy]]\nname = \"strike\"\n",
         "site.toml:116:49: 'at_c' is not above that of the row before; allowed: rising"},
        {"[[policy]]\nname = \"strike\"\n",
         "[[signal]]\nname = \"yard\"\nkind = \"temperature\"\ndriver = \"mqtt\"\nbroker = \"main\"\non_stale = \"shed\"\n\n[[policy]]\nname = \"summer\"\nkind = \"ambient_derating\"\nsignal = \"yard\"\ntable = [{ at_c = 30, percent = 100, kw = 5 }]\n\n[[policy]]\nname = \"strike\"\n",
         "site.toml:116:10: 'table' of [[policy]] summer has no 'percent'; expected 'percent' or 'kw', what may be drawn then; one of them"},
        {"[[policy]]\nname = \"strike\"\n",
         "[[signal]]\nname = \"yard\"\nkind = \"temperature\"\ndriver = \"mqtt\"\nbroker = \"main\"\non_stale = \"shed\"\n\n[[policy]]\nname = \"summer\"\nkind = \"ambient_derating\"\nsignal = \"yard\"\ngroup = \"hall\"\ntable = [{ at_c = 30, percent = 100 }]\n\n[[policy]]\nname = \"strike\"\n",
         "site.toml:116:9: 'group' is \"hall\", where nothing starts or stops by itself; allowed: interruptible groups of machines"},
        {"[[policy]]\nname = \"strike\"\n",
         "[[policy]]\nname = \"heat\"\nkind = \"heat_demand\"\ngroup = \"miners\"\n\n[[policy]]\nname = \"strike\"\n",
         "site.toml:105:1: [[policy]] heat has no 'thermal_kw'; expected how much heat is wanted: 'thermal_kw', a 'schedule' or a 'signal'"},
        {"[[policy]]\nname = \"strike\"\n",
         "[[policy]]\nname = \"heat\"\nkind = \"heat_demand\"\ngroup = \"miners\"\nsignal = \"lmp\"\n\n[[policy]]\nname = \"strike\"\n",
         "site.toml:109:10: 'signal' is \"lmp\", which tells no heat; allowed: a signal with kind = \"heat\""},
        {"[[policy]]\nname = \"strike\"\n",
         "[[policy]]\nname = \"heat\"\nkind = \"heat_demand\"\ngroup = \"miners\"\nschedule = [{ hours = \"20:00-08:00\" }]\n\n[[policy]]\nname = \"strike\"\n",
         "site.toml:109:13: 'schedule' of [[policy]] heat has no 'thermal_kw'; expected how much heat is wanted then"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "interruptible"
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:99:8: 'tier' is "interruptible" and a gpu group is slowed in steps; allowed: firm, flexible)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
floor_w = 6000
workload = "mining"
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:101:12: 'workload' is "mining"; allowed: inference, training, batch)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "training"

[[group]]
name = "block"
)",
         R"(site.toml:96:1: [[group]] nodes has no 'load'; expected [[group.load]] with id and watts, for each node or for 'count' of them
site.toml:96:1: [[group]] nodes has no 'floor_w'; expected a number, 1 to 10000000
site.toml:96:1: [[group]] nodes has no 'standby_w'; expected a number, 0 to 10000000)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "training"
floor_w = 6000
standby_w = 900
order = ["power", "nap", "sleep"]
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:103:9: 'order' puts training to sleep and never saves it; allowed: checkpoint before sleep
site.toml:103:19: 'order' has "nap"; allowed: checkpoint, power, clock, sleep)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "training"
floor_w = 6000
standby_w = 900
order = ["power", "sleep"]
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:103:9: 'order' puts training to sleep and never saves it; allowed: checkpoint before sleep)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "training"
floor_w = 6000
standby_w = 900
order = ["checkpoint", "power", "clock", "sleep"]
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:103:9: 'order' has both power and clock; allowed: one of them, as the agent meets the same watts by either)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "training"
floor_w = 6000
standby_w = 900
order = ["checkpoint", "sleep", "power"]
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:103:9: 'order' goes on after sleep; allowed: sleep as the last step)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "training"
floor_w = 10200
standby_w = 900
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:101:11: 'floor_w' is 10200; allowed: less than the 'watts' of each load)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "training"
floor_w = 6000
standby_w = 6000
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:102:13: 'standby_w' is 6000; allowed: less than 'floor_w')"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "batch"
order = ["power"]
floor_w = 6000
notice_s = 60
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:103:12: 'notice_s' is not allowed here; its 'order' has no checkpoint)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
floor_w = 6000
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:99:11: 'floor_w' is not allowed here; the group is firm, and nobody slows it; say tier = "flexible" if it may be)"},
        {R"([[group]]
name = "block"
)",
         R"([[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "training"
floor_w = 6000
standby_w = 900
[[group.load]]
id = "n"
watts = 10200
[[group.load]]
id = "n"
watts = 10200
[[group]]
name = "block"
)",
         R"(site.toml:106:1: machine "n" is at site.toml:103 already; an id is given once)"},
        {R"(carries = ["miners"])", R"(carries = ["miners", "nodes"]
[[group]]
name = "nodes"
driver = "gpu"
tier = "flexible"
workload = "training"
floor_w = 6000
standby_w = 900
[[group.load]]
id = "n"
watts = 10200)",
         R"(site.toml:103:22: contactor "block" carries "nodes", which is flexible and does not name it; say contactor = "block" there too, if it may be cut off
site.toml:146:15: contactor "block" carries "nodes", which is flexible and saves nothing within a trip; allowed: contactors of interruptible groups)"},
    };
    return table;
}

const std::vector<BadInput>& bad_inventories() {
    static const std::vector<BadInput> table{
        {"", "",
         "fleet.csv:1:1: the file is empty; expected the header id,host,port,mac,watts,joules_per_terahash"},
        {"", "id,host,port,mac,watts,joules_per_terahash\n",
         "fleet.csv:1:1: there is no machine below the header; expected a line for each"},
        {"", "id,host,power\nm-1,10.2.0.1,3500\n",
         "fleet.csv:1:1: the header has no column \"watts\"; it must have id, host and watts\nfleet.csv:1:9: "
         "unknown column \"power\"; known: id, host, port, mac, watts, joules_per_terahash, strike_per_mwh"},
        {"", "id,host,watt\nm-1,10.2.0.1,3500\n",
         "fleet.csv:1:1: the header has no column \"watts\"; it must have id, host and watts\nfleet.csv:1:9: "
         "unknown column \"watt\"; did you mean \"watts\"?"},
        {"", "id,host,watts,watts\nm-1,10.2.0.1,1,1\n",
         R"(fleet.csv:1:15: column "watts" stands twice; once is enough)"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,,3500\n",
         "fleet.csv:2:1: 5 fields; expected 6 as in the header"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm 1,10.2.0.1,4028,,3500,17.5\n",
         R"(fleet.csv:2:1: id is "m 1"; allowed: letters, digits, '-', '_', '.' and ':', the first a letter or digit, at most 64)"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,http://10.2.0.1,4028,,3500,17.5\n",
         R"(fleet.csv:2:5: host is "http://10.2.0.1"; allowed: a host name, an IPv4 or an IPv6 address, without port or scheme)"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,,4028,,3500,17.5\n",
         "fleet.csv:2:5: no host; allowed: a host name, an IPv4 or an IPv6 address, without port or scheme"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,0,,3500,17.5\n",
         R"(fleet.csv:2:14: port is "0"; allowed: 1 to 65535)"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,02:1a,3500,17.5\n",
         R"(fleet.csv:2:19: mac is "02:1a"; allowed: six bytes like 02:1a:7f:00:00:01)"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,,3.5kW,17.5\n",
         R"(fleet.csv:2:20: watts is "3.5kW"; allowed: whole watts at the wall, 1 to 1000000)"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,,-3500,17.5\n",
         R"(fleet.csv:2:20: watts is "-3500"; allowed: whole watts at the wall, 1 to 1000000)"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,,nan,17.5\n",
         R"(fleet.csv:2:20: watts is "nan"; allowed: whole watts at the wall, 1 to 1000000)"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,,3500,0\n",
         R"(fleet.csv:2:25: joules_per_terahash is "0"; allowed: 0.001 to 10000 with at most 3 decimals, or empty for unknown)"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,,3500,\"17,5\"\n",
         R"(fleet.csv:2:25: joules_per_terahash is "17,5"; allowed: 0.001 to 10000 with at most 3 decimals, or empty for unknown)"},
        {"", "id,host,watts,strike_per_mwh\nm-1,10.2.0.1,3500,cheap\n", "fleet.csv:2:19: strike_per_mwh is \"cheap\"; allowed: -100000 to 100000 with at most 6 decimals, or empty for the policy's"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,\"10.2.0.1,4028,,3500,17.5\n",
         "fleet.csv:2:5: a quote that is not closed on its line; allowed: a field in quotes ends on its "
         "line"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,\"10.2.0.1\"x,4028,,3500,17.5\n",
         "fleet.csv:2:15: text after a closing quote; allowed: a comma or the end of the line"},
        {"", "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2\"0.1,4028,,3500,17.5\n",
         "fleet.csv:2:5: a quote inside a field; allowed: the whole field in quotes, a quote in it doubled"},
        {"",
         "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,,3500,17.5\nm-1,10.2.0.2,4028,,3500,"
         "17.5\n",
         R"(fleet.csv:3:1: machine "m-1" is at fleet.csv:2 already; an id is given once)"},
        {"",
         "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,,3500,17.5\nm-2,10.2.0.1,4028,,3500,"
         "17.5\n",
         R"(fleet.csv:3:1: machines "m-1" and "m-2" share 10.2.0.1:4028; one address is one machine)"},
        {"",
         "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,02-1A-7F-00-00-01,3500,17.5\nm-2,10."
         "2.0.2,4028,021a7f000001,3500,17.5\n",
         R"(fleet.csv:3:1: machines "m-1" and "m-2" share the MAC 021a7f000001; one MAC is one machine)"},
        {"", "\xC2\x89PNG\r\n\x1A\n",
         "fleet.csv:1:1: unknown column \"??PNG\"; known: id, host, port, mac, watts, "
         "joules_per_terahash, strike_per_mwh\nfleet.csv:1:1: the header has no column \"id\"; it must have id, host and "
         "watts\nfleet.csv:1:1: the header has no column \"host\"; it must have id, host and "
         "watts\nfleet.csv:1:1: the header has no column \"watts\"; it must have id, host and watts"},
    };
    return table;
}

}  // namespace ballast
