/* play_test.c - a play that is wrong fails, and only that. */
#include "check.h"
#include "sim/play.h"

/* Perform `text`, without what it prints; 0, 1 or 2 as play_run says. */
static int perform_on(const char *text, uint16_t shards)
{
    char name[] = "/tmp/mogi-play-XXXXXX";
    int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    REQUIRE(freopen("/dev/null", "w", stderr) != NULL);
    struct play_config config = {.shards = shards, .seed = 1};
    int result = play_run(name, &config);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    unlink(name);
    return result;
}

static int perform(const char *text)
{
    int one = perform_on(text, 1);
    CHECK_EQ(perform_on(text, 3), one);
    return one;
}

static void what_is_right_succeeds(void)
{
    CHECK_EQ(perform(""), 0);
    CHECK_EQ(perform("# nothing happens\n\n"), 0);
    CHECK_EQ(perform("b subscribe t; a publish t x; b expect publish t x"), 0);
    CHECK_EQ(perform("# versions: 3 4 5\na connect; a expect connack\n"), 0);
    CHECK_EQ(perform("b subscribe t; repeat 3 a publish t m%i\n"
                     "repeat 3 b expect publish t m%i"),
             0);
    CHECK_EQ(perform("a connect id=\"\"; a expect connack assigned=%x\n"
                     "a connect id=%x; a expect connack assigned=-"),
             0);
}

static void what_is_not_there_fails(void)
{
    CHECK_EQ(perform("a connect; a expect publish t x"), 1);
    CHECK_EQ(perform("b subscribe t; a publish t x; b expect publish t y"), 1);
    CHECK_EQ(perform("a connect; a expect close"), 1);
    CHECK_EQ(perform("a connect; a expect connack present=1"), 1);
    CHECK_EQ(perform("a connect; a expect silence"), 1);
    CHECK_EQ(perform("note expect \"no such line\""), 1);
    CHECK_EQ(perform("a connect; a expect connack raw=00"), 1);
}

static void what_nobody_expected_fails(void)
{
    CHECK_EQ(perform("b subscribe t; a publish t x"), 1);
    CHECK_EQ(perform("b subscribe t; a publish t x; b expect nothing"), 1);
    CHECK_EQ(perform("a connect v=4; a expect connack; a send 0000"), 1);
    CHECK_EQ(perform("b subscribe t; a publish t x; b ignore"), 0);
}

static void what_makes_no_sense_fails(void)
{
    CHECK_EQ(perform("a dance"), 1);
    CHECK_EQ(perform("a"), 1);
    CHECK_EQ(perform("a publish t x colour=red"), 1);
    CHECK_EQ(perform("a expect flower"), 1);
    CHECK_EQ(perform("wait long"), 1);
    CHECK_EQ(perform("options no_such=1"), 1);
    CHECK_EQ(perform("a connect; options max_qos=1"), 1);
    CHECK_EQ(perform("cut nobody"), 1);
    CHECK_EQ(perform("a send zz"), 1);
    CHECK_EQ(perform("a send [ 00"), 1);
    CHECK_EQ(perform("a \"open"), 1);
    struct play_config config = {.shards = 1};
    CHECK_EQ(play_run("/no/such/file.play", &config), 2);
}

int main(void)
{
    RUN(what_is_right_succeeds);
    RUN(what_is_not_there_fails);
    RUN(what_nobody_expected_fails);
    RUN(what_makes_no_sense_fails);
    return check_result();
}
