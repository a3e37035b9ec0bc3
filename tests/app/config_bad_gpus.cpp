#include "tests/app/config_bad.hpp"

namespace ballast {

namespace {

const std::string block = "[[group]]\nname = \"block\"\n";   // What comes after the nodes.
const std::string node = "[[group.load]]\nid = \"n\"\nwatts = 10200\n";
const std::string training = "tier = \"flexible\"\nworkload = \"training\"\n";
const std::string range = "floor_w = 6000\nstandby_w = 900\n";

/// The good site file with a group of GPU nodes that has these keys.
BadInput nodes(const std::string& keys, const std::string& faults) {
    return {block, "[[group]]\nname = \"nodes\"\ndriver = \"gpu\"\n" + keys + block, faults};
}

}  // namespace

std::vector<BadInput> bad_gpu_groups() {
    return {
        nodes(R"(tier = "interruptible"
)" + node,
              R"(site.toml:99:8: 'tier' is "interruptible" and a gpu group is slowed in steps; allowed: firm, flexible)"),
        nodes(R"(tier = "flexible"
floor_w = 6000
workload = "mining"
)" + node,
              R"(site.toml:101:12: 'workload' is "mining"; allowed: inference, training, batch)"),
        nodes(training + "\n",
              R"(site.toml:96:1: [[group]] nodes has no 'load'; expected [[group.load]] with id and watts, for each node or for 'count' of them
site.toml:96:1: [[group]] nodes has no 'floor_w'; expected a number, 1 to 10000000
site.toml:96:1: [[group]] nodes has no 'standby_w'; expected a number, 0 to 10000000)"),
        nodes(training + range + R"(order = ["power", "nap", "sleep"]
)" + node,
              R"(site.toml:103:9: 'order' puts training to sleep and never saves it; allowed: checkpoint before sleep
site.toml:103:19: 'order' has "nap"; allowed: checkpoint, power, clock, sleep)"),
        nodes(training + range + R"(order = ["power", "sleep"]
)" + node,
              R"(site.toml:103:9: 'order' puts training to sleep and never saves it; allowed: checkpoint before sleep)"),
        nodes(training + range + R"(order = ["checkpoint", "power", "clock", "sleep"]
)" + node,
              R"(site.toml:103:9: 'order' has both power and clock; allowed: one of them, as the agent meets the same watts by either)"),
        nodes(training + range + R"(order = ["checkpoint", "sleep", "power"]
)" + node,
              R"(site.toml:103:9: 'order' goes on after sleep; allowed: sleep as the last step)"),
        nodes(training + "floor_w = 10200\nstandby_w = 900\n" + node,
              R"(site.toml:101:11: 'floor_w' is 10200; allowed: less than the 'watts' of each load)"),
        nodes(training + "floor_w = 6000\nstandby_w = 6000\n" + node,
              R"(site.toml:102:13: 'standby_w' is 6000; allowed: less than 'floor_w')"),
        nodes(R"(tier = "flexible"
workload = "batch"
order = ["power"]
floor_w = 6000
notice_s = 60
)" + node,
              R"(site.toml:103:12: 'notice_s' is not allowed here; its 'order' has no checkpoint)"),
        nodes("floor_w = 6000\n" + node,
              R"(site.toml:99:11: 'floor_w' is not allowed here; the group is firm, and nobody slows it; say tier = "flexible" if it may be)"),
        nodes(training + range + node + node,
              R"(site.toml:106:1: machine "n" is at site.toml:103 already; an id is given once)"),
        {R"(carries = ["miners"])",
         R"(carries = ["miners", "nodes"]
[[group]]
name = "nodes"
driver = "gpu"
)" + training + range + node.substr(0, node.size() - 1),
         R"(site.toml:103:22: contactor "block" carries "nodes", which is flexible and does not name it; say contactor = "block" there too, if it may be cut off
site.toml:146:15: contactor "block" carries "nodes", which is flexible and saves nothing within a trip; allowed: contactors of interruptible groups)"},
    };
}

}  // namespace ballast
