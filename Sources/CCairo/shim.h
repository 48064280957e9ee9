// cairo 1.16 for Swift, which imports all of it as it is.
#ifndef LATHE_CCAIRO_SHIM_H
#define LATHE_CCAIRO_SHIM_H

#include <cairo.h>

#endif
