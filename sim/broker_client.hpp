#pragma once
#include <mqtt/async_client.h>

#include <string>

/// A simulated party's end of its connection to a broker, on a thread of its own that may wait.
namespace ballast::sim {

/// With a clean session, as `user` if there is one. False: not up yet, or down again; to be tried until it is.
bool connect(mqtt::async_client& client, const std::string& user = {}, const std::string& password = {});

void leave(mqtt::async_client& client);

}  // namespace ballast::sim
