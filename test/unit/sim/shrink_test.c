/* shrink_test.c - of a long life that fails, a short play is left. */
#include "check.h"
#include "sim/shrink.h"

enum { STEPS = 300, FIRST = 17, SECOND = 204, THIRD = 205 };

/* It fails when an act of FIRST, the disk of SECOND and the turns of THIRD
 * come together; other parts say only that they were there. */
static void three_live(const struct random_config *config,
                       struct random_end *end)
{
    static const char claim[] = "a expect publish t never\n";
    bool first = false, second = false, third = false;
    for (uint32_t i = 0; i < config->steps; i++) {
        for (unsigned part = 1; part <= PARTS_ALL; part <<= 1) {
            if (!acts_has(config->acts, i, (enum part)part)) continue;
            story_tell(config->story, "x%u ping # %u", i, part);
            first = first || (i == FIRST && part == PART_ACT);
            second = second || (i == SECOND && part == PART_DISK);
            third = third || (i == THIRD && part == PART_TURNS);
        }
    }
    *end = (struct random_end){.step = config->steps};
    end->well = !(first && second && third);
    if (end->well) return;
    snprintf(end->error, sizeof(end->error), "a: three things at once");
    story_claim(config->story, "%s", claim);
}

/* It fails at the first step, and its play does not. */
static void mute_live(const struct random_config *config,
                      struct random_end *end)
{
    *end = (struct random_end){.well = config->steps == 0};
    snprintf(end->error, sizeof(end->error), "nobody can say why");
}

/* It ends the process. */
static void dead_live(const struct random_config *config,
                      struct random_end *end)
{
    (void)end;
    story_tell(config->story, "a ping");
    fputs("Assertion `it lives' failed\n", stderr);
    abort();
}

/* The play that a life shrinks to; "": there is none. Static memory. */
static const char *shrunk(life_kind *live)
{
    static char text[4096];
    char name[] = "/tmp/mogi-shrink-XXXXXX";
    int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    REQUIRE(freopen("/dev/null", "w", stdout) != NULL);
    struct random_config config = {.seed = 1, .steps = STEPS};
    struct random_end end;
    trial_live(live, &config, &end);
    CHECK(!end.well);
    shrink_show(live, "test", &config, &end, name);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    ssize_t size = read(fd, text, sizeof(text) - 1);
    text[size < 0 ? 0 : size] = 0;
    close(fd);
    unlink(name);
    return text;
}

static void what_does_not_matter_goes(void)
{
    const char *play = shrunk(three_live);
    CHECK(strstr(play, "# a: three things at once\n") != NULL);
    CHECK(strstr(play, "\nx17 ping # 2\nx204 ping # 1\nx205 ping # 4\n"
                       "a expect publish t never\n") != NULL);
    CHECK(!trial_play(play));
}

static void a_play_that_succeeds_is_not_shown(void)
{
    CHECK_EQ(strlen(shrunk(mute_live)), 0);
}

static void what_ends_the_process_is_a_mistake(void)
{
    struct random_config config = {.seed = 1, .steps = STEPS};
    struct random_end end;
    trial_live(dead_live, &config, &end);
    CHECK(!end.well);
    CHECK(strstr(end.error, "it lives") != NULL);
}

static void a_part_has_luck_of_its_own(void)
{
    CHECK(acts_luck(1, 5, PART_ACT) == acts_luck(1, 5, PART_ACT));
    CHECK(acts_luck(1, 5, PART_ACT) != acts_luck(1, 5, PART_TURNS));
    CHECK(acts_luck(1, 5, PART_ACT) != acts_luck(1, 6, PART_ACT));
    CHECK(acts_luck(1, 5, PART_ACT) != acts_luck(2, 5, PART_ACT));
}

static void setup_and_finale_are_never_left_out(void)
{
    struct acts acts;
    acts_init(&acts, 2);
    memset(acts.kept, 0, acts.count);
    CHECK(!acts_has(&acts, 1, PART_ACT));
    CHECK(!acts_has(&acts, 2, PART_ACT));
    CHECK(acts_has(&acts, ACTS_SETUP, PART_ACT));
    CHECK(acts_has(&acts, ACTS_FINALE, PART_ACT));
    acts_free(&acts);
}

static void plays_run_in_silence(void)
{
    CHECK(trial_play("a ping"));
    CHECK(!trial_play("a expect publish t x"));
}

int main(void)
{
    RUN(what_does_not_matter_goes);
    RUN(a_play_that_succeeds_is_not_shown);
    RUN(what_ends_the_process_is_a_mistake);
    RUN(a_part_has_luck_of_its_own);
    RUN(setup_and_finale_are_never_left_out);
    RUN(plays_run_in_silence);
    return check_result();
}
