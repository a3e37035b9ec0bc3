#include "tests/fuzz/target.hpp"
#include "tests/support/dice.hpp"
#include "tests/wire/whatsminer_captures.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ballast::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mutations = 1'500, longest_mutated = 2'048, longest_input = 70'000;

/// What nests as deep as there is room for, and what is one byte too long for most.
std::vector<std::string> extremes() {
    std::string objects;
    while (objects.size() < 65'530) objects += R"({"a":)";
    return {"", std::string(65'537, '['), objects, std::string(65'537, ' '), std::string(65'536, '\0')};
}

/// In the order of their names, so that each run is the same.
void add_files(const fs::path& folder, std::vector<std::string>& inputs) {
    if (!fs::exists(folder)) return;
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator{folder})
        if (entry.is_regular_file() && entry.file_size() <= longest_input) files.push_back(entry.path());
    std::ranges::sort(files);
    for (const fs::path& file : files) inputs.push_back(file_text(file));
}

/// The head of one and the tail of another; bytes of any value; what firmware does to JSON. Of its own seeds mostly: the most of
/// `others` speak another language.
std::string bent(const std::vector<std::string>& seeds, const std::vector<std::string>& others, tests::Dice& dice, std::mt19937_64& random) {
    const auto& from = others.empty() || dice.percent(60) ? seeds : others;
    std::string bytes = from[dice.below(from.size())];
    if (dice.percent(20)) {
        const std::string& other = from[dice.below(from.size())];
        bytes = bytes.substr(0, dice.below(bytes.size() + 1)) + other.substr(dice.below(other.size() + 1));
    }
    for (auto n = dice.below(4); n > 0 && !bytes.empty(); --n) bytes[dice.below(bytes.size())] = static_cast<char>(dice.raw());
    return mutated(std::move(bytes), random);
}

/// On disk before it is tried: a sanitizer leaves no time afterwards.
class Tried {
public:
    explicit Tried(const std::string& name) : path_{fs::path{SCRATCH_DIR} / ("fuzz-" + name + ".input")}, file_{path_, std::ios::binary | std::ios::trunc} {}
    ~Tried() {
        if (!broke_) fs::remove(path_);
    }

    void feed(const std::string& bytes, void (*one_input)(std::string_view)) {
        file_.seekp(0).write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
        fs::resize_file(path_, bytes.size());
        try {
            one_input(bytes);
        } catch (const std::exception& e) {
            broke_ = true;
            FAIL(e.what() << "; the bytes: " << path_.string());
        }
    }

private:
    fs::path path_;
    std::ofstream file_;
    bool broke_ = false;
};

}  // namespace

void replay(const std::string& name, void (*one_input)(std::string_view)) {
    if (const char* file = std::getenv("BALLAST_FUZZ_INPUT")) {
        one_input(file_text(file));
        return;
    }
    std::vector<std::string> seeds, others;
    add_files(fs::path{PROJECT_DIR} / "tests" / "fuzz" / "corpus" / name, seeds);
    REQUIRE_FALSE(seeds.empty());
    const char* shared = std::getenv("BALLAST_SHARED");
    add_files((shared ? fs::path{shared} : fs::path{PROJECT_DIR} / ".." / "shared") / "captures", others);

    Tried tried{name};
    for (const auto& inputs : {extremes(), seeds, others})
        for (const std::string& bytes : inputs) tried.feed(bytes, one_input);
    std::erase_if(others, [](const std::string& bytes) { return bytes.size() > longest_mutated; });
    tests::Dice dice{name.size()};
    std::mt19937_64 random{7};
    for (std::size_t i = 0; i < mutations; ++i) tried.feed(bent(seeds, others, dice, random), one_input);
}

}  // namespace ballast::fuzz
