/* relay_output.h - how the bytes of the relay leave: a call for each socket, or
 * one for hundreds of them. See relay.c; one thread only. */
#ifndef MOGI_BENCH_RELAY_OUTPUT_H
#define MOGI_BENCH_RELAY_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

/* Make the ring that output_spread shall use from now on, for ever. Ends the
 * program where the system has none. */
void output_ring(void);

/* Write all of `data` to `socket`; a reader that is slow is waited for, one
 * that is gone is passed over. */
void output_write(int socket, const uint8_t *data, size_t size);

/* The same to each of `sockets`, 0..end-1, in their order; those below 0 are
 * left out. */
void output_spread(const int *sockets, unsigned end, const uint8_t *data,
                   size_t size);

#endif
