#include "drivers/sqlite/spill.hpp"

#include "controller/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ballast::sqlite {

/// In a page of its own at the beginning of each half.
struct Spill::Header {
    std::uint64_t generation = 0;  ///< Of this half; the greater is the newer.
    int half = 0;
    bool older = false;            ///< What is left in the other half comes first,
    std::uint64_t skip = 0;        ///< but for so many of its records, which the database had.
    std::uint64_t lost = 0;
    Position at;                   ///< Where the database ended when this half began.
};

namespace {

constexpr std::int64_t page = 4096;
constexpr Position nowhere{-1, -1, -1};        ///< Where no database ends.
constexpr std::int64_t least_bytes = 1 << 20;  ///< What a disk with less room has none to spare for.
constexpr std::uint64_t magic = 0x32'4c'4c'49'50'53'4c'42;  // "BLSPILL2"
constexpr unsigned header_words = 9;
constexpr std::int64_t frame_bytes = 4 + 1 + 8 + 8 + 8;     ///< Size, kind, when an epoch began and what was missing before it, sum.

std::uint64_t sum_of(std::uint64_t generation, std::int64_t offset, const SpillRecord& record) {
    Digest sum{generation};  // What an earlier generation left behind does not pass for this one's.
    sum.integer(offset), sum.byte(static_cast<std::uint8_t>(record.kind)), sum.integer(record.began_ms), sum.integer(static_cast<std::int64_t>(record.missed)), sum.text(record.bytes);
    return sum.value();
}

std::uint64_t sum_of(const std::string& header) {
    Digest sum{magic};
    sum.text(header);
    return sum.value();
}

bool put(int descriptor, std::string_view bytes, std::int64_t at) {
    while (!bytes.empty()) {
        const auto n = ::pwrite(descriptor, bytes.data(), bytes.size(), at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
        at += n;
    }
    return true;
}

/// All of it, or nothing.
std::optional<std::string> get(int descriptor, std::size_t size, std::int64_t at) {
    std::string bytes(size, '\0');
    for (std::size_t done = 0; done < size;) {
        const auto n = ::pread(descriptor, bytes.data() + done, size - done, at + static_cast<std::int64_t>(done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return std::nullopt;
        done += static_cast<std::size_t>(n);
    }
    return bytes;
}

bool counts(SpillKind kind) { return kind != SpillKind::names; }

}  // namespace

// ---- what is there

Spill::Spill(std::string path, std::int64_t bytes, Position at) : path_{std::move(path)}, bytes_{bytes / (2 * page) * (2 * page)} {
    descriptor_ = ::open(path_.c_str(), (bytes > 0 ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (descriptor_ >= 0) load(at);
}

Spill::~Spill() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<Spill::Header> Spill::header(int half) const {
    const auto bytes = get(descriptor_, (header_words + 1) * 8, half * half_bytes_);
    if (!bytes) return std::nullopt;
    Reader r{*bytes};
    const bool ours = r.packed(8) == magic;
    Header h;
    h.half = half;
    h.generation = r.packed(8), h.older = r.packed(8) != 0, h.skip = r.packed(8), h.lost = r.packed(8);
    h.at.epoch = static_cast<std::int64_t>(r.packed(8)), h.at.step = static_cast<std::int64_t>(r.packed(8)), h.at.began_ms = static_cast<std::int64_t>(r.packed(8));
    const bool here = r.packed(8) == static_cast<std::uint64_t>(half);
    const bool whole = r.packed(8) == sum_of(bytes->substr(0, header_words * 8));
    return ours && here && whole ? std::optional{h} : std::nullopt;
}

bool Spill::write_header(const Header& h) {
    std::string bytes;
    Writer w{bytes};
    for (const std::uint64_t word : {magic, h.generation, std::uint64_t{h.older}, h.skip, h.lost, static_cast<std::uint64_t>(h.at.epoch),
                                     static_cast<std::uint64_t>(h.at.step), static_cast<std::uint64_t>(h.at.began_ms), static_cast<std::uint64_t>(h.half)})
        w.packed(word, 8);
    w.packed(sum_of(bytes), 8);
    return put(descriptor_, bytes, h.half * half_bytes_) && ::fdatasync(descriptor_) == 0;
}

/// Whole frames from the half's beginning on; `end` is behind the last.
void Spill::list(int half, std::uint64_t generation, std::int64_t& end) {
    for (end = page;;) {
        if (end + frame_bytes > half_bytes_) return;
        const auto frame = get(descriptor_, frame_bytes, half * half_bytes_ + end);
        if (!frame) return;
        Reader r{*frame};
        Place place{.half = half, .generation = generation, .offset = end};
        place.size = static_cast<std::uint32_t>(r.packed(4));
        place.kind = static_cast<SpillKind>(r.byte());
        place.began_ms = static_cast<std::int64_t>(r.packed(8));
        place.missed = r.packed(8);
        if (place.kind < SpillKind::names || place.kind > SpillKind::step || end + frame_bytes + place.size > half_bytes_ || !read(place)) return;
        places_.push_back(place);
        end += frame_bytes + place.size;
    }
}

std::optional<SpillRecord> Spill::read(const Place& place) const {
    const std::int64_t at = place.half * half_bytes_ + place.offset;
    const auto frame = get(descriptor_, frame_bytes, at);
    auto bytes = frame ? get(descriptor_, place.size, at + frame_bytes) : std::nullopt;
    if (!bytes) return std::nullopt;
    SpillRecord record{place.kind, std::move(*bytes), place.began_ms, place.missed};
    Reader r{*frame};
    const bool same = r.packed(4) == place.size && r.byte() == static_cast<std::uint8_t>(place.kind) && r.packed(8) == static_cast<std::uint64_t>(place.began_ms) && r.packed(8) == place.missed;
    return same && r.packed(8) == sum_of(place.generation, place.offset, record) ? std::optional{std::move(record)} : std::nullopt;
}

/// What waits is what lies behind the database's end. It is counted, not looked for: records reach it in their order, each
/// in a transaction of its own.
void Spill::load(Position at) {
    struct stat about{};
    if (::fstat(descriptor_, &about) != 0 || !S_ISREG(about.st_mode)) return;
    half_bytes_ = about.st_size / 2 / page * page;
    const auto first = header(0), second = header(1);
    if (!first && !second) return;
    const bool later = second && (!first || second->generation > first->generation);
    const Header& newest = later ? *second : *first;
    const auto& other = later ? first : second;
    generation_ = newest.generation;
    half_ = newest.half;
    std::int64_t ignored = 0;
    if (newest.older && other && other->generation + 1 == newest.generation) list(other->half, other->generation, ignored);
    next_ = std::min<std::size_t>(newest.skip, places_.size());
    list(half_, generation_, end_);
    const auto all = static_cast<std::size_t>(std::ranges::count_if(places_, counts, &Place::kind));
    if (goes_on_from(at, newest)) waiting_ = static_cast<std::size_t>(std::ranges::count_if(places_.begin() + static_cast<std::ptrdiff_t>(next_), places_.end(), counts, &Place::kind));
    else foreign_ = all;
    if (waiting_ == 0) places_.clear(), next_ = 0, lost_ = 0;
}

/// Passes over what the database has. False: that is another's.
bool Spill::goes_on_from(Position at, const Header& newest) {
    Position known = newest.at;
    for (; next_ < places_.size() && (known.epoch < at.epoch || known.step < at.step); ++next_) {
        const Place& place = places_[next_];
        if (place.kind == SpillKind::epoch) ++known.epoch, known.began_ms = place.began_ms;
        else if (place.kind == SpillKind::step) ++known.step;
    }
    lost_ = known == newest.at ? newest.lost : 0;
    return known == at;
}

/// As much as there is room for, of what was asked.
std::string Spill::reserve() {
    if (reserved_ || bytes_ == 0) return {};
    if (descriptor_ >= 0 && waiting_ > 0) return reserved_ = true, std::string{};  // As it is: it holds something.
    int error = 0;
    for (std::int64_t bytes = bytes_; bytes >= std::min(bytes_, least_bytes); bytes = bytes / 4 / page * 2 * page)
        if ((error = set_aside(bytes)) != ENOSPC && error != EDQUOT) break;
    return error == 0 ? std::string{} : fmt::format("{}: cannot set {} MB aside: {}", path_, bytes_ >> 20, std::strerror(error));
}

/// 0, or the error's number.
int Spill::set_aside(std::int64_t bytes) {
    if (descriptor_ < 0) descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    struct stat about{};
    if (descriptor_ < 0 || ::fstat(descriptor_, &about) != 0) return errno;
    if (about.st_size != bytes) {
        if (::ftruncate(descriptor_, 0) != 0) return errno;  // Its halves were others.
        generation_ = 0;
    }
    int error = 0;
    while ((error = ::posix_fallocate(descriptor_, 0, bytes)) == EINTR) {}
    if (error != 0) {
        if (::ftruncate(descriptor_, 0) != 0) {}  // Half of it is of no use, and somebody needs the room.
        return error;
    }
    if (::fsync(descriptor_) != 0) return errno;
    const auto parent = std::filesystem::path{path_}.parent_path();
    const int folder = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) ::fsync(folder), ::close(folder);
    half_bytes_ = bytes / 2;
    reserved_ = true;
    return 0;
}

// ---- in

bool Spill::begin(Position at) {
    if (!reserved_ || waiting_ > 0) return false;
    places_.clear();
    next_ = 0, lost_ = 0;
    if (!write_header({.generation = generation_ + 1, .half = 0, .at = at})) return false;
    ++generation_;
    half_ = 0;
    end_ = epoch_end_ = page;
    return true;
}

bool Spill::has_room_for(const SpillRecord& record) const { return end_ + frame_bytes + static_cast<std::int64_t>(record.bytes.size()) <= half_bytes_; }

bool Spill::append(const SpillRecord& record) {
    if (!reserved_ || generation_ == 0 || !has_room_for(record)) return false;
    std::string frame;
    Writer w{frame};
    w.packed(record.bytes.size(), 4), w.byte(static_cast<std::uint8_t>(record.kind)), w.packed(static_cast<std::uint64_t>(record.began_ms), 8), w.packed(record.missed, 8);
    w.packed(sum_of(generation_, end_, record), 8);
    frame += record.bytes;
    if (!put(descriptor_, frame, half_ * half_bytes_ + end_) || ::fdatasync(descriptor_) != 0) return false;
    places_.push_back({record.kind, half_, generation_, end_, static_cast<std::uint32_t>(record.bytes.size()), record.began_ms, record.missed});
    end_ += static_cast<std::int64_t>(frame.size());
    if (record.kind == SpillKind::epoch) epoch_end_ = end_;
    waiting_ += counts(record.kind);
    return true;
}

bool Spill::turn(const SpillRecord& epoch, Position at) {
    if (!reserved_ || page + frame_bytes + static_cast<std::int64_t>(epoch.bytes.size()) > half_bytes_) return false;
    const auto kept = std::ranges::find(places_, half_, &Place::half);
    const auto dropped = static_cast<std::size_t>(kept - places_.begin());
    for (std::size_t n = next_; n < dropped; ++n) lost_ += places_[n].steps(), waiting_ -= counts(places_[n].kind);
    places_.erase(places_.begin(), kept);
    next_ -= std::min(next_, dropped);
    if (!write_header({.generation = generation_ + 1, .half = 1 - half_, .older = true, .skip = next_, .lost = lost_, .at = at})) return false;
    ++generation_;
    half_ = 1 - half_;
    end_ = epoch_end_ = page;
    return true;
}

// ---- out

std::optional<SpillRecord> Spill::front() const {
    auto n = next_;
    while (n < places_.size() && !counts(places_[n].kind)) ++n;
    return n < places_.size() ? read(places_[n]) : std::nullopt;
}

std::optional<SpillRecord> Spill::names_before(std::size_t n) const {
    while (n > 0)
        if (places_[--n].kind != SpillKind::step) return read(places_[n]);
    return std::nullopt;
}

std::optional<SpillRecord> Spill::names() const {
    auto n = next_;
    while (n < places_.size() && !counts(places_[n].kind)) ++n;
    return names_before(n);
}

void Spill::pop() {
    while (next_ < places_.size() && !counts(places_[next_].kind)) ++next_;
    if (next_ == places_.size()) return;
    ++next_;
    --waiting_;
    lost_ = 0;
    if (waiting_ == 0) invalidate();
}

/// All of it is in the database. So that no other one that ends where ours did is taken for ours, a header without records
/// follows, in the half whose loss costs nothing.
void Spill::invalidate() {
    places_.clear();
    next_ = 0;
    if (!write_header({.generation = generation_ + 1, .half = 1 - half_, .at = nowhere})) return;
    ++generation_;
    half_ = 1 - half_;
    end_ = page;
}

bool Spill::skip_to_epoch() {
    const auto from = places_.begin() + static_cast<std::ptrdiff_t>(std::min(next_ + 1, places_.size()));
    const auto epoch = std::find_if(from, places_.end(), [](const Place& place) { return place.kind == SpillKind::epoch; });
    if (epoch == places_.end()) return false;
    for (const auto n = static_cast<std::size_t>(epoch - places_.begin()); next_ < n; ++next_) {
        lost_ += places_[next_].steps();
        waiting_ -= counts(places_[next_].kind);
    }
    return true;
}

std::uint64_t Spill::drop() {
    std::uint64_t steps = lost_;
    for (; next_ < places_.size(); ++next_) steps += places_[next_].steps();
    places_.clear();
    next_ = waiting_ = 0;
    lost_ = 0;
    return steps;
}

SpillContents Spill::read(const std::string& path, Position at) {
    const Spill spill{path, 0, at};
    SpillContents all;
    all.lost = spill.lost_;
    for (std::size_t n = spill.next_; n < spill.places_.size(); ++n) {
        if (!counts(spill.places_[n].kind)) continue;
        auto record = spill.read(spill.places_[n]);
        if (!record) break;  // Its owner has written over it meanwhile.
        all.records.push_back(std::move(*record));
    }
    return all;
}

}  // namespace ballast::sqlite
