/* report.h - what came out, for people and for programs. */
#ifndef MOGI_BENCH_REPORT_H
#define MOGI_BENCH_REPORT_H

#include "bench/process.h"
#include "bench/run.h"

#include <stdio.h>

enum { BENCH_PROBES = BENCH_CLOSING + 1 };

/* The figures of one step. */
struct bench_result {
    const struct bench_plan *plan;
    uint64_t counters[BENCH_COUNTER_COUNT];
    uint64_t connections;
    uint64_t lost;      /* with QoS 0 they count as dropped */
    uint64_t expected;  /* deliveries; 0: nobody knows */
    double connect_s;   /* until all were connected */
    double subscribe_s; /* until all had their filters */
    double seconds;     /* from the first message to the last arrival */
    struct bench_histogram latency;
    struct bench_histogram connect;
    struct bench_process process[BENCH_PROBES]; /* at a phase's beginning */
    uint64_t probe_ns[BENCH_PROBES];
    char cipher[BENCH_CIPHER_SIZE]; /* "": no TLS */
};

/* Fill what is known when the run is over; the probes are there already. */
void bench_result_take(struct bench_result *result,
                       const struct bench_run *run);

/* Did anything happen that must not? QoS 0 messages that were dropped are no
 * fault: a broker may. */
bool bench_result_faulty(const struct bench_result *result);

/* A table of one step. */
void bench_report_table(FILE *to, const struct bench_result *result);

/* All steps as one JSON object, in one line. */
void bench_report_json(FILE *to, const struct bench_result *results,
                       size_t count);

/* One line on a terminal, over the last one: how far it is. */
void bench_report_progress(FILE *to, const struct bench_run *run,
                           double passed_s);

#endif
