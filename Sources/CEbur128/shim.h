// libebur128 1.2.6 for Swift, which imports all of it as it is.
#ifndef LATHE_CEBUR128_SHIM_H
#define LATHE_CEBUR128_SHIM_H

#include <ebur128.h>

#endif
