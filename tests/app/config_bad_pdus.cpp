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
        pdu("", R"(@)"),
        pdu(good + "version = \"3\"\n", R"(@)"),
        pdu(good + "control_oid = \"sPDUOutletCtl\"\n", R"(@)"),
        pdu(good + "control_off = 1\n", R"(@)"),
        pdu(good + "state_on = 2\n", R"(@)"),
        pdu(good + "state_oid = \"1.3.6.1.4.1.318.1.1.26.9.2.3.1.5\"\nstate_on = 2\n", R"(@)"),
        pdu(good + "watts_scale = 10\n", R"(@)"),
        pdu(good + "stagger_s = 301\n", R"(@)"),
        pdu(good + "community = \"private\"\n", R"(@)"),
        pdu(good + "[[pdu]]\nname = \"p-1\"\n" + good, R"(@)"),
        outlets("outlet = 3\n", R"(@)"),
        outlets("pdu = \"p-1\"\n", R"(@)"),
        outlets("pdu = \"p-2\"\noutlet = 3\n", R"(@)"),
        outlets("pdu = \"p-1\"\noutlet = 0\n", R"(@)"),
        outlets("pdu = \"p-1\"\noutlet = 3\n" + machine("s-2", "10.1.0.2", "pdu = \"p-1\"\noutlet = 3\n"), R"(@)"),
        outlets("pdu = \"p-1\"\noutlet = 3\n" + machine("s-2", "10.1.0.2", ""), R"(@)"),
        {"[[group]]\nname = \"spare\"\ndriver = \"luxos\"\ntier = \"interruptible\"\n[[group.machine]]\n", "[[pdu]]\nname = \"p-1\"\n" + good + "\n[[group]]\nname = \"spare\"\ndriver = \"luxos\"\n[[group.machine]]\npdu = \"p-1\"\noutlet = 3\n", R"(@)"},
        {"name = \"spare\"\ndriver = \"luxos\"\ntier = \"interruptible\"\n[[group.machine]]\n", "name = \"spare\"\ndriver = \"luxos\"\ntier = \"interruptible\"\non_within_s = 100\n[[group.machine]]\npdu = \"p-1\"\noutlet = 3\n[[pdu]]\nname = \"p-1\"\n" + good + "[[group.machine]]\n", R"(@)"},
    };
}

}  // namespace ballast
