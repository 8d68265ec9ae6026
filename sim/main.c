/* main.c - mogi-sim: the broker in an imaginary world.
 *
 *     mogi-sim --play FILE [--shards N] [--seed N] [--split N] [--chaos]
 *     mogi-sim SEED [--shards N] [--steps N] [--profile NAME] [--trace]
 */
#include "core/bounds.h"
#include "sim/calm.h"
#include "sim/fence.h"
#include "sim/play.h"
#include "sim/shrink.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    const char *play;
    const char *profile;
    const char *save;
    const char *acts;
    uint64_t seed;
    uint64_t shards;
    uint64_t steps;
    uint64_t split;
    bool chaos;
    bool trace;
    bool plain;
    bool bare;
    bool whole;
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
    "                 fence: not everybody may do everything\n"
    "                 (without it: all of them)\n"
    "    --seed N     another order of turns in a play\n"
    "    --split N    at most N bytes reach the broker at once in a play\n"
    "    --chaos      cut bytes and turns at random in a play\n"
    "    --trace      say everything that happens\n"
    "\n"
    "A life that fails is shrunk to a play that shows what is wrong.\n"
    "\n"
    "    --save FILE  write that play to a file\n"
    "    --whole      do not shrink it\n"
    "    --acts LIST  live only these parts of steps, as a failing life "
    "names them\n"
    "    --plain      let all come to rest after each step, cut no bytes\n"
    "    --bare       no large payloads, no lack of memory\n";

static const struct option options[] = {
    {"play", required_argument, NULL, 'p'},
    {"shards", required_argument, NULL, 'n'},
    {"steps", required_argument, NULL, 's'},
    {"profile", required_argument, NULL, 'f'},
    {"seed", required_argument, NULL, 'r'},
    {"split", required_argument, NULL, 'b'},
    {"chaos", no_argument, NULL, 'c'},
    {"trace", no_argument, NULL, 't'},
    {"save", required_argument, NULL, 'o'},
    {"acts", required_argument, NULL, 'a'},
    {"whole", no_argument, NULL, 'w'},
    {"plain", no_argument, NULL, 'l'},
    {"bare", no_argument, NULL, 'e'},
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
        case 'o': a->save = optarg; break;
        case 'a': a->acts = optarg; break;
        case 'w': a->whole = true; break;
        case 'l': a->plain = true; break;
        case 'e': a->bare = true; break;
        case 'h': fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
}

/* "STEP:PARTS,STEP:PARTS": only these. */
static void acts_read(struct acts *acts, uint32_t steps, const char *list)
{
    acts_init(acts, steps);
    memset(acts->kept, 0, steps);
    for (const char *at = list; *at != 0;) {
        char *end;
        unsigned long step = strtoul(at, &end, 10);
        unsigned long parts = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
        if (step >= steps || parts == 0 || parts > PARTS_ALL ||
            (*end != 0 && *end != ',')) {
            fprintf(stderr, "mogi-sim: --acts wants STEP:PARTS,...\n");
            exit(2);
        }
        acts->kept[step] = (uint8_t)parts;
        at = *end == ',' ? end + 1 : end;
    }
}

static const struct profile {
    const char *name;
    life_kind *live;
} profiles[] = {
    {"storm", random_live}, {"calm", calm_live}, {"fence", fence_live}};

/* Live one life; in this process when it is to be watched. Returns 0 or 1. */
static int life_run(const struct profile *profile,
                    const struct random_config *config,
                    const struct arguments *a)
{
    struct random_end end;
    if (config->trace) {
        profile->live(config, &end);
    } else {
        trial_live(profile->live, config, &end);
    }
    printf("seed %" PRIu64 ": %s: %s\n", config->seed,
           end.words[0] == 0 ? profile->name : end.words,
           end.well ? "well" : "WRONG");
    if (end.well) return 0;
    printf("    at step %u: %s\n", end.step, end.error);
    if (config->trace || config->acts != NULL) return 1;
    printf("    see it: mogi-sim %" PRIu64
           " --profile %s --shards %u --steps %u --trace\n",
           config->seed, profile->name, config->shards, config->steps);
    if (!a->whole) {
        shrink_show(profile->live, profile->name, config, &end, a->save);
    }
    return 1;
}

/* Live the life of each profile that is asked for. Returns the exit status. */
static int lives_run(const struct arguments *a,
                     const struct random_config *config)
{
    bool any = false;
    int worst = 0;
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if (a->profile != NULL && strcmp(a->profile, profiles[i].name) != 0) {
            continue;
        }
        any = true;
        if (life_run(&profiles[i], config, a) != 0) worst = 1;
    }
    if (any) return worst;
    fprintf(stderr, "mogi-sim: there is no profile '%s'\n", a->profile);
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
                                   .trace = a.trace,
                                   .plain = a.plain,
                                   .bare = a.bare};
    struct acts acts = {NULL, 0};
    if (a.acts != NULL) {
        acts_read(&acts, config.steps, a.acts);
        config.acts = &acts;
    }
    int status = lives_run(&a, &config);
    acts_free(&acts);
    return status;
}
