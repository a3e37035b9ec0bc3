#pragma once
#include "drivers/asic/dialect.hpp"
#include "wire/antminer.hpp"
#include "wire/digest.hpp"

namespace ballast::asic {

/// Bitmain's stock firmware (HTTP, Digest). It takes its config whole or not at all: an order reads it first and writes it
/// back with another mode, and refuses to write one that is not whole. It measures no watts. A cap is met by
/// its low power mode, whose watts the site file gives: that it draws no more than them only a meter can show. A machine that is woken or let back
/// gets the mode that it was last seen to run in.
class Antminer : public Dialect {
    using WorkMode = wire::antminer::WorkMode;
    using ModeType = wire::antminer::ModeType;

public:
    Antminer();
    AsicProtocol protocol() const override { return AsicProtocol::antminer; }
    void add(Machine& machine, const AsicMachine& said) override;
    Turn begin_poll(Machine& machine, Steady now) override;
    Turn begin_look(Machine& machine, Steady now) override;
    Turn begin_order(Machine& machine, Steady now) override;
    Turn answered(Machine& machine, std::string_view bytes, Steady now) override;

private:
    /// The page it was last asked for, and what for.
    enum class Step : std::uint8_t { summary, conf, who, stats, pools, identify, read_conf, write_conf };

    struct Memory {
        Step step = Step::summary;
        bool asked_again = false;            ///< This page, with a new challenge.
        std::uint32_t login = 0;             ///< Of `logins_`.
        std::uint32_t count = 0;             ///< Requests under the challenge.
        std::optional<wire::digest::Challenge> challenge;
        std::uint8_t polls_to_conf = 0;
        std::optional<WorkMode> mode, ran_in;  ///< As its config last said; and when that was no sleep.
        WorkMode writes = WorkMode::normal;  ///< It is being told.
        std::optional<WorkMode> wrote;       ///< It said OK to this, which it was not set to;
        ModeType form = ModeType::number;    ///< written so. Firmware that wants the other says OK and does nothing.
        enum class Form : std::uint8_t { guessed, other, taken } sure = Form::guessed;  ///< As others take it; not as those, it seems; as it was seen to take it.
        double gigahashes = 0;
        std::optional<bool> hot;             ///< By its own diagnosis, in its summary.
        Health health;                       ///< Of a look.
    };
    struct Login {
        std::string user, password, host;
        bool operator==(const Login&) const = default;
    };

    static std::string_view page_of(Step step);
    Turn ask(Memory& a, Step step);
    Turn send(Memory& a, Step step, std::string_view method, std::string_view target, std::string_view body);
    Turn wrong(Step step, std::string_view why);
    Turn unauthorized(Memory& a, std::span<const std::string> challenges);
    Turn understood(Machine& m, Memory& a, std::string_view body);
    Turn known(Machine& m, Memory& a, std::string_view body);
    Turn written(Machine& m, Memory& a, std::string_view body);
    bool ignored(const Machine& m, Memory& a);
    static void learn_mode(const Machine& m, Memory& a, std::optional<WorkMode> mode);
    static WorkMode mode_wanted(const Machine& m, const Memory& a);
    Turn looked_on(Memory& a, std::string_view body);
    Turn go_on_polling(Machine& m, Memory& a, bool conf_asked);
    Turn concluded(const Machine& m, Memory& a);

    std::vector<Memory> memory_;
    std::vector<Login> logins_;
    wire::cgminer::Parser parser_;
    ModeType usual_ = ModeType::number;      ///< As the last one that was seen to, takes a mode.
    Steady now_{};                           ///< Of the answer that is being understood.
    std::string cnonce_, request_;
};

}  // namespace ballast::asic
