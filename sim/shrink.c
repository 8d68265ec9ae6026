/* shrink.c - leave out what does not matter. */
#include "sim/shrink.h"

#include "sim/words_codec.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TRIALS_MAX = 1500,
    SHARDS_TRIED = 2,
    KIND_MAX = 14, /* letters */
    PLAY_BYTES_MAX = STORY_BYTES_MAX + CLAIM_BYTES_MAX + 4096
};

struct shrink {
    life_kind *live;
    const char *profile;
    struct random_config config;
    struct acts acts;
    struct random_end end; /* of the smallest life that fails */
    unsigned trials;
};

/* Parts of one step that stay or go together. */
struct atom {
    uint32_t step;
    uint8_t parts;
};

/* The letters that say what kind of mistake it is, without names. */
static void kind_read(const char *error, char kind[KIND_MAX + 1])
{
    size_t size = 0;
    const char *colon = strstr(error, ": ");
    for (const char *at = colon == NULL ? error : colon;
         *at != 0 && size < KIND_MAX; at++) {
        if (isalpha((unsigned char)*at)) kind[size++] = *at;
    }
    kind[size] = 0;
}

static bool same_kind(const char *a, const char *b)
{
    char kinds[2][KIND_MAX + 1];
    kind_read(a, kinds[0]);
    kind_read(b, kinds[1]);
    return strcmp(kinds[0], kinds[1]) == 0;
}

/* Does the life of `config` fail in the same way? Then it is the smallest so
 * far. */
static bool fails(struct shrink *s, const struct random_config *config)
{
    struct random_end end;
    if (s->trials >= TRIALS_MAX) return false;
    s->trials += 1;
    trial_live(s->live, config, &end);
    if (end.well || !same_kind(end.error, s->end.error)) return false;
    s->end = end;
    s->config = *config;
    return true;
}

/* --- leaving out ---------------------------------------------------------- */

static void atoms_keep(struct shrink *s, const struct atom *atoms, size_t count,
                       bool keep)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t *kept = &s->acts.kept[atoms[i].step];
        *kept =
            (uint8_t)(keep ? *kept | atoms[i].parts : *kept & ~atoms[i].parts);
    }
}

/* Leave out atoms, in pieces that get smaller, until each that is left matters.
 */
static void atoms_shrink(struct shrink *s, struct atom *atoms, size_t count)
{
    size_t piece = (count + 1) / 2;
    while (count > 0 && s->trials < TRIALS_MAX) {
        bool any = false;
        for (size_t at = 0; at < count;) {
            size_t size = count - at < piece ? count - at : piece;
            atoms_keep(s, &atoms[at], size, false);
            if (fails(s, &s->config)) {
                any = true;
                count -= size;
                memmove(&atoms[at], &atoms[at + size],
                        (count - at) * sizeof(atoms[0]));
                continue;
            }
            atoms_keep(s, &atoms[at], size, true);
            at += size;
        }
        if (any && piece == 1) continue;
        if (piece == 1) return;
        piece = (piece + 1) / 2;
    }
}

/* Whole steps first, then their parts. */
static void steps_shrink(struct shrink *s)
{
    size_t count = 0;
    struct atom *atoms =
        words_memory(NULL, (s->acts.count + 1) * 8 * sizeof(atoms[0]));
    for (uint32_t i = 0; i < s->acts.count; i++) {
        if (s->acts.kept[i] == 0) continue;
        atoms[count++] = (struct atom){i, s->acts.kept[i]};
    }
    atoms_shrink(s, atoms, count);
    count = 0;
    for (uint32_t i = 0; i < s->acts.count; i++) {
        for (unsigned part = 1; part <= PARTS_ALL; part <<= 1) {
            if ((s->acts.kept[i] & part) == 0) continue;
            atoms[count++] = (struct atom){i, (uint8_t)part};
        }
    }
    atoms_shrink(s, atoms, count);
    free(atoms);
}

/* Is it simpler, and fails all the same? With small payloads, all at rest after
 * each act, or fewer shards. Returns whether it is. */
static bool simpler(struct shrink *s)
{
    bool any = false;
    struct random_config config = s->config;
    config.bare = true;
    if (!s->config.bare && fails(s, &config)) any = true;
    config = s->config;
    config.plain = true;
    if (!s->config.plain && fails(s, &config)) any = true;
    for (unsigned shards = 1; shards <= SHARDS_TRIED; shards++) {
        config = s->config;
        if (config.shards != 0 && config.shards <= shards) break;
        config.shards = (uint16_t)shards;
        if (!fails(s, &config)) continue;
        any = true;
        break;
    }
    return any;
}

static void life_shrink(struct shrink *s)
{
    struct random_config config = s->config;
    acts_init(&s->acts, config.steps);
    config.acts = &s->acts;
    s->config = config;
    if (s->end.step + 1 < config.steps) {
        config.steps = s->end.step + 1;
        (void)fails(s, &config);
        for (uint32_t i = s->config.steps; i < s->acts.count; i++)
            s->acts.kept[i] = 0;
    }
    (void)simpler(s);
    steps_shrink(s);
    if (simpler(s)) steps_shrink(s);
}

/* --- showing -------------------------------------------------------------- */

/* The life as a play; for free(). NULL: it is too long. */
static char *play_write(struct shrink *s, bool exact, unsigned parts)
{
    struct random_end end;
    struct story *story = story_new(exact);
    struct random_config config = s->config;
    config.story = story;
    trial_live(s->live, &config, &end);
    char *text = NULL;
    if (!story->full && !end.well) {
        text = words_memory(NULL, PLAY_BYTES_MAX);
        snprintf(text, PLAY_BYTES_MAX,
                 "# %s\n# Found by mogi-sim %" PRIu64 " --profile %s, shrunk "
                 "to %u parts of its steps.\n%s%scurtain\n",
                 end.error, config.seed, s->profile, parts, story->text,
                 story->claim);
    }
    story_free(story);
    return text;
}

static unsigned parts_count(const struct acts *acts)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < acts->count; i++) {
        for (unsigned part = 1; part <= PARTS_ALL; part <<= 1)
            count += (acts->kept[i] & part) != 0;
    }
    return count;
}

/* Say which acts they are, for those who want to see them. */
static void acts_show(const struct shrink *s)
{
    const struct random_config *config = &s->config;
    printf("    see it: mogi-sim %" PRIu64 " --profile %s --shards %u "
           "--steps %u%s%s --trace --acts ",
           config->seed, s->profile, config->shards, config->steps,
           config->plain ? " --plain" : "", config->bare ? " --bare" : "");
    const char *comma = "";
    for (uint32_t i = 0; i < s->acts.count; i++) {
        if (s->acts.kept[i] == 0) continue;
        printf("%s%u:%u", comma, i, s->acts.kept[i]);
        comma = ",";
    }
    printf("\n");
}

static void play_save(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) perror(file);
}

void shrink_show(life_kind *live, const char *profile,
                 const struct random_config *config,
                 const struct random_end *end, const char *save)
{
    struct shrink s = {
        .live = live, .profile = profile, .config = *config, .end = *end};
    life_shrink(&s);
    unsigned parts = parts_count(&s.acts);
    printf("    shrunk to %u parts of steps in %u lives: %s\n", parts, s.trials,
           s.end.error);
    acts_show(&s);
    char *text = NULL;
    for (unsigned exact = 0; exact < 2 && text == NULL; exact++) {
        text = play_write(&s, exact != 0, parts);
        if (text == NULL || !trial_play(text)) continue;
        free(text);
        text = NULL;
    }
    if (text == NULL) {
        printf("    (no play shows it)\n");
    } else {
        printf("    as a play:\n\n%s\n", text);
        if (save != NULL) play_save(save, text);
    }
    free(text);
    acts_free(&s.acts);
}
