/* ebb.c - see ebb.h. */
#include "broker/ebb.h"

bool ebb_low(struct ebb *ebb, size_t bytes)
{
    if (bytes >= ebb->high) {
        ebb->high = bytes;
        return false;
    }
    size_t gone = ebb->high - bytes;
    return gone >= EBB_BYTES_MIN && gone >= ebb->high / 2;
}

void ebb_settle(struct ebb *ebb, size_t bytes)
{
    ebb->high = bytes;
}
