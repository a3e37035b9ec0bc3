#pragma once
#include <cstdio>
#include <cstdlib>

/// Our own mistakes only; on in every build. Never for anything that came over a wire or from a file.
#define BALLAST_CHECK(condition)                                                                                       \
    ((condition) ? void()                                                                                              \
                 : (std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition), std::abort()))
