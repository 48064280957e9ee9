// Intel's ISA-L (also for ARM): of its many checksums the one that S3 knows.
#ifndef LATHE_CISAL_SHIM_H
#define LATHE_CISAL_SHIM_H

#include <isa-l/crc.h>

#endif
