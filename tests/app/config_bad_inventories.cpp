#include "tests/app/config_bad.hpp"

namespace ballast {

const std::vector<BadInput>& bad_inventories() {
    static const std::vector<BadInput> table{
        {"", "",
         "fleet.csv:1:1: the file is empty; expected the header id,host,port,mac,watts,joules_per_terahash"},
        {"", "id,host,port,mac,watts,joules_per_terahash\n",
         "fleet.csv:1:1: there is no machine below the header; expected a line for each"},
        {"", "id,host,power\nm-1,10.2.0.1,3500\n",
         "fleet.csv:1:1: the header has no column \"watts\"; it must have id, host and watts\nfleet.csv:1:9: "
         "unknown column \"power\"; known: id, host, port, mac, watts, joules_per_terahash, strike_per_mwh, pdu, outlet"},
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
        {"", "id,host,watts,pdu,outlet\nm-1,10.2.0.1,3500,p-1,x\n", 
         R"(fleet.csv:2:23: outlet is "x"; allowed: 1 to 65535, as the PDU counts its outlets, or empty for none)"},
        {"", "id,host,watts,pdu,outlet\nm-1,10.2.0.1,3500,p 1,3\n", 
         R"(fleet.csv:2:19: pdu is "p 1"; allowed: letters, digits, '-', '_' and '.', the first a letter or digit, at most 64)"},
        {"", "id,host,watts,pdu,outlet\nm-1,10.2.0.1,3500,,\nm-2,10.2.0.2,3500,p-1,\nm-3,10.2.0.3,3500,,4\nm-4,10.2.0.4,3500,p-1,4\n", 
         "fleet.csv:3:23: machine \"m-2\" has pdu \"p-1\" and no outlet; expected both or neither\n"
         "fleet.csv:4:20: machine \"m-3\" has outlet 4 and no pdu; expected both or neither\n"
         "fleet.csv:5:23: machine \"m-4\" names the pdu \"p-1\", which is not in the site file; there is no [[pdu]]"},
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
         R"(fleet.csv:3:5: machines "m-1" and "m-2" share 10.2.0.1:4028; one address is one machine)"},
        {"",
         "id,host,port,mac,watts,joules_per_terahash\nm-1,10.2.0.1,4028,02-1A-7F-00-00-01,3500,17.5\nm-2,10."
         "2.0.2,4028,021a7f000001,3500,17.5\n",
         R"(fleet.csv:3:19: machines "m-1" and "m-2" share the MAC 021a7f000001; one MAC is one machine)"},
        {"", "id,host,watts\nm-1,10.2.0.1,3500\nm-1,10.2.0.1,3500\n", R"(fleet.csv:3:1: machine "m-1" is at fleet.csv:2 already; an id is given once)"},
        {"", "host,watts,id\n10.2.0.1,3500,m-1\n10.2.0.1,0,m-1\n10.2.0.1,0,m 2\n",
         "fleet.csv:3:10: watts is \"0\"; allowed: whole watts at the wall, 1 to 1000000\nfleet.csv:3:12: machine \"m-1\" is at fleet.csv:2 already; an id is given once\n"
         "fleet.csv:4:1: machines \"m-1\" and \"fleet.csv:4\" share 10.2.0.1:4028; one address is one machine\nfleet.csv:4:10: watts is \"0\"; allowed: whole watts at the wall, 1 to 1000000\n"
         "fleet.csv:4:12: id is \"m 2\"; allowed: letters, digits, '-', '_', '.' and ':', the first a letter or digit, at most 64"},
        {"", "\xC2\x89PNG\r\n\x1A\n",
         "fleet.csv:1:1: unknown column \"??PNG\"; known: id, host, port, mac, watts, "
         "joules_per_terahash, strike_per_mwh, pdu, outlet\nfleet.csv:1:1: the header has no column \"id\"; it must have id, host and "
         "watts\nfleet.csv:1:1: the header has no column \"host\"; it must have id, host and "
         "watts\nfleet.csv:1:1: the header has no column \"watts\"; it must have id, host and watts"},
    };
    return table;
}

}  // namespace ballast
