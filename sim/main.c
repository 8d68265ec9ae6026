/* main.c - mogi-sim: the broker in an imaginary world.
 *
 *     mogi-sim --play FILE [--shards N] [--seed N] [--split N] [--chaos]
 *     mogi-sim SEED [--shards N] [--steps N] [--profile NAME]
 */
#include "core/bounds.h"
#include "sim/calm.h"
#include "sim/play.h"
#include "sim/random.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    const char *play;
    const char *profile;
    uint64_t seed;
    uint64_t shards;
    uint64_t steps;
    uint64_t split;
    bool chaos;
    bool trace;
};

static const char usage[] =
    "mogi-sim plays the broker in an imaginary world.\n"
    "\n"
    "    mogi-sim --play FILE   perform a play (see test/play/README.md)\n"
    "    mogi-sim SEED          live a random life and look for mistakes\n"
    "\n"
    "    --shards N   so many shards (plays: 1; random: the seed decides)\n"
    "    --steps N    so many things happen in a random life (2000)\n"
    "    --profile P  storm: all at once, with crashes; a model judges\n"
    "                 calm: one thing after the other; a mirror compares\n"
    "                 (without it: both)\n"
    "    --seed N     another order of turns in a play\n"
    "    --split N    at most N bytes reach the broker at once in a play\n"
    "    --chaos      cut bytes and turns at random in a play\n"
    "    --trace      say everything that happens\n";

static const struct option options[] = {
    {"play", required_argument, NULL, 'p'},
    {"shards", required_argument, NULL, 'n'},
    {"steps", required_argument, NULL, 's'},
    {"profile", required_argument, NULL, 'f'},
    {"seed", required_argument, NULL, 'r'},
    {"split", required_argument, NULL, 'b'},
    {"chaos", no_argument, NULL, 'c'},
    {"trace", no_argument, NULL, 't'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

/* A whole number, or the program ends with a word about it. */
static uint64_t number_read(const char *text)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno == 0 && end != text && *end == 0) return number;
    fprintf(stderr, "mogi-sim: '%s' is no number\n", text);
    exit(2);
}

static void arguments_read(struct arguments *a, int argc, char **argv)
{
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'p': a->play = optarg; break;
        case 'n': a->shards = number_read(optarg); break;
        case 'f': a->profile = optarg; break;
        case 's': a->steps = number_read(optarg); break;
        case 'r': a->seed = number_read(optarg); break;
        case 'b': a->split = number_read(optarg); break;
        case 'c': a->chaos = true; break;
        case 't': a->trace = true; break;
        case 'h': fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
}

/* Live the life of each profile that is asked for. Returns the exit status. */
static int lives_run(const char *profile, const struct random_config *config)
{
    static const struct {
        const char *name;
        int (*run)(const struct random_config *config);
    } profiles[] = {{"storm", random_run}, {"calm", calm_run}};
    bool any = false;
    int worst = 0;
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if (profile != NULL && strcmp(profile, profiles[i].name) != 0) continue;
        any = true;
        if (profiles[i].run(config) != 0) worst = 1;
    }
    if (any) return worst;
    fprintf(stderr, "mogi-sim: there is no profile '%s'\n", profile);
    return 2;
}

int main(int argc, char **argv)
{
    struct arguments a = {.seed = 1, .steps = 2000};
    arguments_read(&a, argc, argv);
    if (a.shards > SHARDS_MAX) {
        fprintf(stderr, "mogi-sim: at most %d shards\n", SHARDS_MAX);
        return 2;
    }
    if (a.play != NULL) {
        struct play_config config = {.shards =
                                         a.shards == 0 ? 1 : (uint16_t)a.shards,
                                     .seed = a.seed,
                                     .split = (uint32_t)a.split,
                                     .chaos = a.chaos,
                                     .trace = a.trace};
        return play_run(a.play, &config);
    }
    if (optind + 1 != argc) {
        fputs(usage, stderr);
        return 2;
    }
    struct random_config config = {.seed = number_read(argv[optind]),
                                   .shards = (uint16_t)a.shards,
                                   .steps = (uint32_t)a.steps,
                                   .trace = a.trace};
    return lives_run(a.profile, &config);
}
