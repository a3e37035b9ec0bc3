#pragma once
#include "model/result.hpp"
#include "wire/printable.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#ifndef BALLAST_LIBFUZZER
#include "tests/catch.hpp"
#endif

/// A parser's fuzz target is a function that takes any bytes at all and checks what the parser's header promises of them.
/// With BALLAST_LIBFUZZER each file is a program of its own, for script/fuzz. Without, each is a case of `fuzz_tests`,
/// which feeds it the same corpus and mutations of that.
namespace ballast::fuzz {

/// Something that a header says, and that some bytes have shown not to be so.
struct BrokenPromise : std::logic_error {
    using std::logic_error::logic_error;
};

[[noreturn]] inline void broken(const char* file, int line, const char* promise) {
    throw BrokenPromise{std::string{file} + ':' + std::to_string(line) + ": does not hold: " + promise};
}

/// What an error says goes into logs and onto screens: something, printable, and no more than a few lines of it.
inline bool shown_well(const Error& error, std::size_t most_bytes = 400) {
    return !error.detail.empty() && error.detail.size() <= most_bytes && wire::is_printable(error.detail);
}

/// The same for text of a stranger's that is called printable.
inline bool shown_well(std::string_view text, std::size_t most_bytes) { return text.size() <= most_bytes && wire::is_printable(text); }

/// Feeds `one_input` tests/fuzz/corpus/`name`, the captures if they are here, and a few thousand mutations of these, the same
/// each time. What breaks it is kept as fuzz-`name`.input in the build folder; BALLAST_FUZZ_INPUT=FILE feeds it that file alone.
void replay(const std::string& name, void (*one_input)(std::string_view));

}  // namespace ballast::fuzz

#define PROMISE(condition) ((condition) ? void() : ballast::fuzz::broken(__FILE__, __LINE__, #condition))

#ifdef BALLAST_LIBFUZZER
#define FUZZ_TARGET(name)                                                                          \
    static void name##_input(std::string_view bytes);                                              \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {            \
        name##_input({reinterpret_cast<const char*>(data), size});                                 \
        return 0;                                                                                  \
    }                                                                                              \
    static void name##_input(std::string_view bytes)
#else
#define FUZZ_TARGET(name)                                                                          \
    static void name##_input(std::string_view bytes);                                              \
    TEST_CASE("fuzz " #name " bears its corpus and mutations of it") { ballast::fuzz::replay(#name, name##_input); } \
    static void name##_input(std::string_view bytes)
#endif
