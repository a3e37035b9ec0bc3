#include "tests/app/config_bad.hpp"

namespace ballast {

namespace {

const std::string block = "[[group]]\nname = \"block\"\n";   // What comes after them.

/// The good site file with a group of miners of this make, and with these keys.
BadInput miners(const std::string& make, const std::string& tier, const std::string& keys, const std::string& faults) {
    return {block, "[[group]]\nname = \"slow\"\ndriver = " + make + "\ntier = \"" + tier + "\"\n" + keys + "[[group.machine]]\nid = \"x-1\"\nhost = \"10.9.0.1\"\nwatts = 3500\n" + block, faults};
}

BadInput slowed(const std::string& make, const std::string& keys, const std::string& faults) { return miners(make, "flexible", keys, faults); }

const std::string luxos = "\"luxos\"", whatsminer = "\"whatsminer3\"\npassword_file = \"env:P\"", antminer = "\"antminer\"\npassword_file = \"env:P\"", epic = "\"epic\"\npassword_file = \"env:P\"";

}  // namespace

std::vector<BadInput> bad_slowed_miners() {
    return {
        slowed(luxos, "", "site.toml:96:1: [[group]] slow has no 'floor_w'; expected a number, 1 to 10000000"),
        slowed(luxos, "floor_w = 3500\n", "site.toml:100:11: 'floor_w' is 3500; allowed: less than the 'watts' of each load"),
        slowed(luxos, "floor_w = 20\n", "site.toml:96:1: 'standby_w' is 25; allowed: less than 'floor_w'"),
        slowed(luxos, "floor_w = 1500\nlow_power_w = 1400\n",
               R"(site.toml:101:15: 'low_power_w' is not allowed here; it is what a stock Antminer draws in its low power mode, with tier = "flexible" and power in 'order')"),
        slowed(whatsminer, "floor_w = 1500\norder = [\"checkpoint\", \"clock\", \"sleep\"]\n",
               "site.toml:101:11: 'floor_w' is not allowed here; its 'order' has neither power nor clock\nsite.toml:102:10: 'order' has \"checkpoint\"; allowed: power, sleep\nsite.toml:102:24: 'order' has \"clock\"; allowed: power, sleep"),
        slowed(whatsminer, "floor_w = 1500\nworkload = \"batch\"\nnotice_s = 60\n",
               "site.toml:102:12: 'workload' is not allowed here; a miner has no work to save\nsite.toml:103:12: 'notice_s' is not allowed here; a miner has no work to save"),
        slowed(antminer, "floor_w = 2000\n", "site.toml:96:1: [[group]] slow has no 'low_power_w'; expected a number, 1 to 1000000"),
        slowed(antminer, "floor_w = 2000\nlow_power_w = 2600\n",
               "site.toml:102:15: 'low_power_w' is 2600; allowed: at most 'floor_w', below which no cap goes and by which it has to be met"),
        slowed(epic, "order = [\"power\", \"sleep\"]\n", "site.toml:101:10: 'order' has \"power\"; allowed: sleep"),
        slowed("\"cgminer\"", "", R"(site.toml:99:8: 'tier' is "flexible" and driver cgminer cannot slow its loads; allowed: firm, interruptible)"),
        miners(luxos, "interruptible", "floor_w = 1500\n", R"(site.toml:100:11: 'floor_w' is not allowed here; the group is not slowed; say tier = "flexible" if it may be)"),
    };
}

}  // namespace ballast
