#pragma once
#include "drivers/asic/dialect.hpp"
#include "wire/braiins.hpp"

namespace ballast::asic {

/// Braiins OS (REST, HTTP 80). A token is got by a login, kept, and renewed once when it is refused. It measures no watts: what it
/// draws is what it computes, and whether it rests is told by its hashing. Where there is no such API (nobody listens, or a
/// web server that does not know it) the cgminer API is spoken instead, which tells neither a MAC nor that it is
/// paused: of a pause only our own order knows there, and caps are refused. A cap is the tuner's power target; what that was before is read first, kept here, and
/// given back. Who forgets it, as a restart of Ballast does, invents none.
class Braiins : public Dialect {
public:
    AsicProtocol protocol() const override { return AsicProtocol::braiins; }
    void add(Machine& machine, const AsicMachine& said) override;
    Turn begin_poll(Machine& machine, Steady now) override;
    Turn begin_look(Machine& machine, Steady now) override;
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;
    std::optional<Turn> unreachable(Machine& machine) override;

private:
    /// What it was last asked; from `summary` on by the cgminer API.
    enum class Step : std::uint8_t { login, details, stats, configuration, hashboards, pools, action, summary, tuner, pause, devs, temps, cgminer_pools };

    struct Memory {
        Step step = Step::details;
        Step after = Step::details;          ///< What the login is for.
        bool ordering = false;
        bool logged_in = false;              ///< In this conversation: a token that is refused now is refused for good.
        bool moved = false;                  ///< In this conversation, to the cgminer API.
        std::uint8_t polls_to_rest = 0;      ///< REST is not there; it is looked for again after so many polls.
        bool paused = false;                 ///< By an order of ours over the cgminer API.
        std::uint32_t login = 0;             ///< Of `logins_`.
        std::string token;                   ///< Empty: none.

        // Of its power target.
        std::optional<Power> now, before;    ///< As it was told in this conversation; as it was before the cap.
        bool asked = false;                  ///< `now` is what it says.
        std::optional<wire::braiins::PowerRange> range;  ///< Learned from a refusal.
        bool within_range = false;           ///< This order was put into it once.
        Power target;                        ///< It is being told.

        // Of a poll.
        wire::braiins::Status status{};
        std::optional<Power> power;          ///< An estimate.
        std::optional<double> gigahashes;

        Health health;                       ///< Of a look.
    };
    struct Login {
        std::string user, password, host;
        bool operator==(const Login&) const = default;
    };

    static std::string_view target_of(Step step);
    Turn ask(Machine& m, Memory& b, Step step);
    Turn send(Memory& b, Turn::Kind kind, std::string_view method, std::string_view target, std::string_view body);
    Turn rest_answered(Machine& m, Memory& b, std::string_view bytes);
    Turn unauthorized(Machine& m, Memory& b);
    Turn understood(Machine& m, Memory& b, std::string_view body);
    Turn looked_on(Machine& m, Memory& b, std::string_view body);
    Turn concluded(const Machine& m, const Memory& b) const;
    Turn wrong(const Memory& b, std::string_view why);

    // braiins_levels.cpp
    Turn set_target(Machine& m, Memory& b);
    Turn target_told(Machine& m, Memory& b, std::string_view body);
    std::optional<Turn> out_of_range(Machine& m, Memory& b, std::string_view body);
    Turn target_taken(const Machine& m, Memory& b);
    Turn act(Machine& m, Memory& b);
    std::string failure(const Memory& b, int status, std::string_view body);

    // braiins_cgminer.cpp
    Turn move_to_cgminer(const Machine& m, Memory& b);
    Turn ask_cgminer(Memory& b, Step step, std::string_view command);
    Turn cgminer_looked_on(Memory& b, const wire::cgminer::Reply& reply);
    Turn cgminer_answered(Machine& m, Memory& b, std::string_view bytes);

    std::vector<Memory> memory_;
    std::vector<Login> logins_;
    wire::cgminer::Parser parser_;
    std::string request_;
};

}  // namespace ballast::asic
