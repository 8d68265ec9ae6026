#include "check.h"
#include "cli/payload.h"

static void whole_file(void)
{
    enum { SIZE = 300000 };
    char path[] = "/tmp/mogi-payload-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    static uint8_t data[SIZE];
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    REQUIRE(write(fd, data, SIZE) == SIZE);
    close(fd);
    size_t count;
    char error[64];
    uint8_t *loaded = payload_load(path, &count, error, sizeof error);
    REQUIRE(loaded != NULL);
    CHECK_BYTES(loaded, count, data, SIZE);
    free(loaded);
    unlink(path);
    CHECK(payload_load(path, &count, error, sizeof error) == NULL);
    CHECK_STR(error, "No such file or directory");
    CHECK(payload_load("/tmp", &count, error, sizeof error) == NULL);
    CHECK_STR(error, "Is a directory");
}

static bool next_is(struct payload_lines *l, const char *want)
{
    struct mogi_bytes line;
    if (!payload_lines_next(l, &line)) return want == NULL;
    return want != NULL &&
           CHECK_BYTES(line.data, line.size, want, strlen(want));
}

static void lines_as_they_come(void)
{
    int fds[2];
    REQUIRE(pipe(fds) == 0);
    struct payload_lines l;
    payload_lines_init(&l, fds[0]);
    CHECK(next_is(&l, NULL));
    REQUIRE(write(fds[1], "one\ntwo\nthr", 11) == 11);
    payload_lines_fill(&l);
    CHECK(next_is(&l, "one"));
    CHECK(next_is(&l, "two"));
    CHECK(next_is(&l, NULL));
    CHECK(next_is(&l, NULL));
    REQUIRE(write(fds[1], "ee\n\nlast", 8) == 8);
    payload_lines_fill(&l);
    CHECK(next_is(&l, "three"));
    CHECK(next_is(&l, ""));
    CHECK(next_is(&l, NULL));
    CHECK(!l.finished);
    close(fds[1]);
    payload_lines_fill(&l);
    CHECK(l.finished && !l.failed);
    CHECK(next_is(&l, "last"));
    CHECK(next_is(&l, NULL));
    payload_lines_fini(&l);
    close(fds[0]);
}

/* A line may be longer than any buffer. */
static void long_line(void)
{
    enum { SIZE = 200000 };
    char path[] = "/tmp/mogi-payload-XXXXXX";
    int fd = mkstemp(path);
    static char data[SIZE];
    memset(data, 'x', SIZE);
    data[SIZE - 2] = '\n';
    REQUIRE(write(fd, data, SIZE) == SIZE);
    REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
    struct payload_lines l;
    struct mogi_bytes line;
    payload_lines_init(&l, fd);
    while (!payload_lines_next(&l, &line)) {
        REQUIRE(!l.finished);
        payload_lines_fill(&l);
    }
    CHECK_EQ(line.size, SIZE - 2);
    payload_lines_fill(&l);
    CHECK(next_is(&l, NULL) || l.finished);
    while (!l.finished)
        payload_lines_fill(&l);
    payload_lines_fini(&l);
    close(fd);
    unlink(path);
}

int main(void)
{
    RUN(whole_file);
    RUN(lines_as_they_come);
    RUN(long_line);
    return check_result();
}
