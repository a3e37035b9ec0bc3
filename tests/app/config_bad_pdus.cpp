#include "tests/app/config_bad.hpp"

namespace ballast {

namespace {

const std::string block = "[[group]]\nname = \"block\"\n";  // What comes after it.
const std::string good = "host = \"10.0.0.9\"\ncommunity_file = \"pdu.community\"\n";
const std::string spare = "joules_per_terahash = 17.5\n";    // The end of the one machine of the group "spare".

/// The good site file with a PDU that has these keys.
BadInput pdu(const std::string& keys, const std::string& faults) { return {block, "[[pdu]]\nname = \"p-1\"\n" + keys + block, faults}; }

/// And with what the one machine, and what comes after it, say of outlets.
BadInput outlets(const std::string& said, const std::string& faults) { return {spare, spare + said + "[[pdu]]\nname = \"p-1\"\n" + good, faults}; }

std::string machine(const std::string& id, const std::string& host, const std::string& said) {
    return "[[group.machine]]\nid = \"" + id + "\"\nhost = \"" + host + "\"\nwatts = 3500\n" + said;
}

}  // namespace

std::vector<BadInput> bad_pdus() {
    return {
        pdu("", 
              "site.toml:96:1: [[pdu]] p-1 has no 'host'; expected a host name or address\n"
              "site.toml:96:1: [[pdu]] p-1 has no 'community_file'; expected the path of a file that holds the community that may write, or \"env:NAME\""),
        pdu(good + "version = \"3\"\n", R"(site.toml:100:11: 'version' is "3"; allowed: 1, 2c)"),
        pdu(good + "control_oid = \"sPDUOutletCtl\"\n", R"(site.toml:100:15: 'control_oid' is "sPDUOutletCtl"; allowed: an object identifier in numbers, without the outlet's, like "1.3.6.1.4.1.318.1.1.4.4.2.1.3")"),
        pdu(good + "control_off = 1\n", R"(site.toml:100:15: 'control_off' is 1, and so is 'control_on'; allowed: another number for each)"),
        pdu(good + "state_on = 2\n", R"(site.toml:100:12: 'state_on' is not allowed here; without 'state_oid' an outlet reads what is written to 'control_oid')"),
        pdu(good + "state_oid = \"1.3.6.1.4.1.318.1.1.26.9.2.3.1.5\"\nstate_on = 2\n", R"(site.toml:96:1: [[pdu]] p-1 has no 'state_off'; expected what 'state_oid' reads of an outlet that is off: PDUs do not agree about it)"),
        pdu(good + "watts_scale = 10\n", R"(site.toml:100:15: 'watts_scale' is not allowed here; it belongs to 'watts_oid')"),
        pdu(good + "stagger_s = 301\n", R"(site.toml:100:13: 'stagger_s' is 301; allowed: 0 to 300)"),
        pdu(good + "community = \"private\"\n", R"(site.toml:100:1: unknown key "community" in [[pdu]] p-1; known: name, host, port, version, community_file, timeout_ms, control_oid, control_on, control_off, state_oid, watts_oid, stagger_s, poll_s, boot_s)"),
        pdu(good + "[[pdu]]\nname = \"p-1\"\n" + good, R"(site.toml:101:8: 'name' is "p-1", which is taken; a name is given once)"),
        outlets("outlet = 3\n", R"(site.toml:90:1: machine "s-1" has outlet 3 and no pdu; expected both or neither)"),
        outlets("pdu = \"p-1\"\n", R"(site.toml:90:1: machine "s-1" has pdu "p-1" and no outlet; expected both or neither)"),
        outlets("pdu = \"p-2\"\noutlet = 3\n", R"(site.toml:90:1: machine "s-1" names the pdu "p-2", which is not in the site file; did you mean "p-1"?)"),
        outlets("pdu = \"p-1\"\noutlet = 0\n", R"(site.toml:96:10: 'outlet' is 0; allowed: 1 to 65535)"),
        outlets("pdu = \"p-1\"\noutlet = 3\n" + machine("s-2", "10.1.0.2", "pdu = \"p-1\"\noutlet = 3\n"), R"(site.toml:97:1: machines "s-1" and "s-2" share outlet 3 of "p-1"; one outlet is one machine)"),
        outlets("pdu = \"p-1\"\noutlet = 3\n" + machine("s-2", "10.1.0.2", ""), R"(site.toml:87:8: machine "s-2" of "spare" has no outlet, and others have; allowed: one for each machine of a group, or for none)"),
        {"[[group]]\nname = \"spare\"\ndriver = \"luxos\"\ntier = \"interruptible\"\n[[group.machine]]\n", "[[pdu]]\nname = \"p-1\"\n" + good + "\n[[group]]\nname = \"spare\"\ndriver = \"luxos\"\n[[group.machine]]\npdu = \"p-1\"\noutlet = 3\n", 
              "site.toml:94:1: machine \"s-1\" hangs on outlet 3 of \"p-1\", and its group \"spare\" is firm because it has no 'tier'; allowed: interruptible groups only, as what is firm is never switched\n"
              "site.toml:115:21: \"spare\" is firm because it has no 'tier', and no price stops it; allowed: interruptible groups"},
        {"[[group]]\nname = \"spare\"\ndriver = \"luxos\"\ntier = \"interruptible\"\n[[group.machine]]\n", "[[pdu]]\nname = \"p-1\"\n" + good + "\n[[group]]\nname = \"spare\"\ndriver = \"luxos\"\ntier = \"flexible\"\nfloor_w = 1500\n[[group.machine]]\npdu = \"p-1\"\noutlet = 3\n", 
              "site.toml:96:1: machine \"s-1\" hangs on outlet 3 of \"p-1\", and its group \"spare\" is flexible; allowed: interruptible groups only, as what is slowed is never switched\n"
              "site.toml:117:21: \"spare\" is flexible, and no price slows it; allowed: interruptible groups"},
        {"[[group]]\nname = \"spare\"\ndriver = \"luxos\"\ntier = \"interruptible\"\n[[group.machine]]\n", "[[pdu]]\nname = \"p-1\"\n" + good + "\n[[group]]\nname = \"spare\"\ndriver = \"luxos\"\ntier = \"interruptible\"\non_within_s = 100\n[[group.machine]]\npdu = \"p-1\"\noutlet = 3\n", R"(site.toml:95:15: 'on_within_s' is 100 and machines that come back by their outlets take up to 300: 'boot_s' of their PDU, and 'stagger_s' for each other outlet of it; allowed: at least that)"},
    };
}

}  // namespace ballast
