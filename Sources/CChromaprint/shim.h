// Chromaprint 1.5 for Swift, which imports all of it as it is.
#ifndef LATHE_CCHROMAPRINT_SHIM_H
#define LATHE_CCHROMAPRINT_SHIM_H

#include <chromaprint.h>

#endif
