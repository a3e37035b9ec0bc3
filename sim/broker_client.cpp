#include "sim/broker_client.hpp"

#include <chrono>

namespace ballast::sim {

bool connect(mqtt::async_client& client, const std::string& user, const std::string& password) {
    try {
        mqtt::connect_options_builder options;
        options.clean_session(true).keep_alive_interval(std::chrono::seconds{10});
        if (!user.empty()) options.user_name(user).password(password);
        return client.connect(options.finalize())->wait_for(std::chrono::seconds{5});
    } catch (const mqtt::exception&) {
        return false;
    }
}

void leave(mqtt::async_client& client) {
    try {
        if (client.is_connected()) client.disconnect()->wait_for(std::chrono::seconds{2});
    } catch (const mqtt::exception&) {
        // The broker was quicker.
    }
}

}  // namespace ballast::sim
