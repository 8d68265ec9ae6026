/* bench.c - `mogi bench`: play the steps of a mode, say what came out. */
#include "bench/bench.h"

#include "bench/memory.h"
#include "bench/options.h"
#include "bench/plan.h"
#include "bench/report.h"
#include "bench/run.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_WRONG = 1, EXIT_USAGE = 2, PROGRESS_NS = 500000000 };

/* Who looks on while a step is played. */
struct witness {
    struct bench_result *result;
    const struct bench_options *options;
    uint64_t shown_ns; /* the last progress line; 0: none */
};

static void witness_probe(void *context, const struct bench_run *run,
                          enum bench_phase phase, bool within)
{
    struct witness *w = context;
    uint64_t now_ns = bench_now_ns();
    if (!within) {
        w->result->probe_ns[phase] = now_ns;
        w->result->process[phase] = bench_process_read(w->options->pid);
        return;
    }
    bool wanted = !w->options->quiet && isatty(STDERR_FILENO) != 0;
    if (!wanted || now_ns - w->shown_ns < PROGRESS_NS) return;
    w->shown_ns = now_ns;
    uint64_t began_ns = run->phase_ns[phase];
    if (phase == BENCH_DRAINING) began_ns = run->phase_ns[BENCH_SENDING];
    bench_report_progress(stderr, run, (double)(now_ns - began_ns) / 1e9);
}

/* Play one step; false when it could not be begun. */
static bool step_play(const struct bench_plan *plan, uint32_t tag,
                      const char *prefix, struct bench_result *result)
{
    struct bench_run *run = bench_array(1, sizeof *run);
    struct witness witness = {result, plan->options, 0};
    run->plan = plan;
    run->options = plan->options;
    run->tag = tag;
    (void)snprintf(run->prefix, sizeof run->prefix, "%s", prefix);
    bool played = bench_run_play(run, witness_probe, &witness);
    if (witness.shown_ns > 0) (void)fputs("\r\033[K", stderr);
    if (played) bench_result_take(result, run);
    bench_run_fini(run);
    free(run);
    return played;
}

/* As many open files as the system allows. */
static void files_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int steps_play(const struct bench_options *o)
{
    struct bench_plan steps[BENCH_STEPS_MAX] = {0};
    size_t count = bench_plan_make(o, steps);
    struct bench_result *results = bench_array(count, sizeof *results);
    uint32_t tag = (uint32_t)getpid() ^ (uint32_t)time(NULL) << 12;
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "mb%u-", (unsigned)getpid());
    int status = EXIT_SUCCESS;
    for (size_t i = 0; i < count; i++) {
        const char *name = o->prefix != NULL ? o->prefix : prefix;
        if (!step_play(&steps[i], tag, name, &results[i])) {
            free(results);
            return EXIT_WRONG;
        }
        if (bench_result_faulty(&results[i])) status = EXIT_WRONG;
        if (!o->json) bench_report_table(stdout, &results[i]);
    }
    if (o->json) bench_report_json(stdout, results, count);
    free(results);
    return status;
}

int bench_main(int argc, char **argv)
{
    struct bench_options options;
    if (bench_options_parse(argc, argv, &options, stderr) != OK) {
        return EXIT_USAGE;
    }
    if (options.help) {
        bench_options_help(stdout);
        return EXIT_SUCCESS;
    }
    files_raise();
    return steps_play(&options);
}
