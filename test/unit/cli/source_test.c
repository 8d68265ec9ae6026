/* source_test.c - where a message comes from. */
#include "check.h"
#include "cli/source.h"

static struct mogi_bytes payload;
static uint8_t *loaded;

static bool load(enum arguments_source source, const char *text)
{
    struct arguments a = {.source = source, .text = text, .quiet = true};
    return source_load(&a, &payload, &loaded);
}

/* Standard input holds `text`. */
static void input_set(const char *text)
{
    int fds[2];
    size_t size = strlen(text);
    REQUIRE(pipe(fds) == 0);
    REQUIRE(write(fds[1], text, size) == (ssize_t)size);
    close(fds[1]);
    REQUIRE(dup2(fds[0], STDIN_FILENO) >= 0);
    close(fds[0]);
}

static void text_and_nothing(void)
{
    CHECK(load(SOURCE_TEXT, "hi"));
    CHECK_BYTES(payload.data, payload.size, "hi", 2);
    CHECK(loaded == NULL);
    CHECK(load(SOURCE_EMPTY, NULL));
    CHECK_EQ(payload.size, 0);
    CHECK(load(SOURCE_LINES, NULL));
    CHECK_EQ(payload.size, 0);
}

static void files(void)
{
    char path[] = "/tmp/mogi-source-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0 && write(fd, "a\0b", 3) == 3);
    CHECK(load(SOURCE_FILE, path));
    CHECK_BYTES(payload.data, payload.size, "a\0b", 3);
    CHECK(loaded == payload.data);
    free(loaded);
    REQUIRE(ftruncate(fd, 0) == 0);
    CHECK(load(SOURCE_FILE, path));
    CHECK_EQ(payload.size, 0);
    free(loaded);
    close(fd);
    unlink(path);
    CHECK(!load(SOURCE_FILE, path));
    CHECK(loaded == NULL);
}

static void standard_input(void)
{
    input_set("one\ntwo\n");
    CHECK(load(SOURCE_STDIN, NULL));
    CHECK_BYTES(payload.data, payload.size, "one\ntwo\n", 8);
    free(loaded);
    input_set("");
    CHECK(!load(SOURCE_STDIN, NULL));
    CHECK(loaded == NULL);
}

int main(void)
{
    RUN(text_and_nothing);
    RUN(files);
    RUN(standard_input);
    return check_result();
}
