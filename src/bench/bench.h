/* bench.h - the load generator as a program. Its functions begin with bench_,
 * its files need not: src/bench/conn.c has bench_conn_begin. */
#ifndef MOGI_BENCH_BENCH_H
#define MOGI_BENCH_BENCH_H

/* Load a broker and check what it delivers: `mogi bench`, argv[0] is "bench".
 * Returns the exit status: 0; 1 when it could not, or when the broker was
 * found at fault; 2 when the options are wrong. */
int bench_main(int argc, char **argv);

#endif
