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

}  // namespace ballast
