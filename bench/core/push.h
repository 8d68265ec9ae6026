/* push.h - what it costs to push mail into many mailboxes at once.
 *
 * A turn takes the locks of all mailboxes that it posts to, so this is what
 * threads wait for one another for, and it grows with their number.
 */
#ifndef MOGI_BENCH_CORE_PUSH_H
#define MOGI_BENCH_CORE_PUSH_H

/* Print what one push costs, to 1 to 63 mailboxes, alone and against another
 * thread that does the same; for `seconds` each. */
void push_bench(unsigned seconds);

#endif
