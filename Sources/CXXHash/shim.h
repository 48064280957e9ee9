// xxHash 0.8 for Swift, which imports all of it as it is.
#ifndef LATHE_CXXHASH_SHIM_H
#define LATHE_CXXHASH_SHIM_H

#include <xxhash.h>

#endif
