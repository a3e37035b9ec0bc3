#include "sim/json_request.hpp"

#include <boost/json.hpp>

namespace ballast::sim {

namespace json = boost::json;

AsicDevice::Heard hear_json(std::string_view bytes) {
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    if (first == bytes.npos) return {};
    if (bytes[first] != '{') return {AsicDevice::Form::broken, 0};
    json::stream_parser parser;
    boost::system::error_code error;
    const std::size_t used = parser.write_some(bytes.data() + first, bytes.size() - first, error);
    if (error) return {AsicDevice::Form::broken, 0};
    return parser.done() ? AsicDevice::Heard{AsicDevice::Form::whole, first + used} : AsicDevice::Heard{};
}

}  // namespace ballast::sim
