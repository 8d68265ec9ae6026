/* courtesy.c - see courtesy.h. */
#include "broker/courtesy.h"

bool courtesy_due(const struct courtesy *courtesy, uint64_t now_ns)
{
    return now_ns >= courtesy->until_ns;
}

void courtesy_account(struct courtesy *courtesy, uint64_t begin_ns,
                      uint64_t end_ns)
{
    if (end_ns - begin_ns < COURTESY_LONG_NS) {
        if (courtesy->credit < COURTESY_CREDIT_MAX) courtesy->credit++;
        return;
    }
    courtesy->credit -= COURTESY_PRICE;
    if (courtesy->credit >= 0) return;
    courtesy->credit = 0;
    courtesy->until_ns = end_ns + COURTESY_PAUSE_NS;
}
