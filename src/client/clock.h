/* clock.h - time that only goes forward. */
#ifndef MOGI_CLIENT_CLOCK_H
#define MOGI_CLIENT_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment before the program's start. */
uint64_t clock_now_ms(void);

#endif
