/* The log: lines as they stand in the file, forged ones, floods, threads. */
#include "base/log.h"
#include "check.h"

#include <pthread.h>

static char path[] = "/tmp/mogi-log-test-XXXXXX";
static uint64_t now_ms;

static uint64_t test_now_ms(void)
{
    return now_ms;
}

/* All that is in the file, NUL at its end; static memory. */
static const char *content_of(const char *name)
{
    static char content[1 << 20];
    FILE *file = fopen(name, "r");
    REQUIRE(file != NULL);
    size_t size = fread(content, 1, sizeof content - 1, file);
    fclose(file);
    content[size] = 0;
    return content;
}

static struct log *log_of_test(bool json, enum log_level level)
{
    REQUIRE(truncate(path, 0) == 0);
    now_ms = 1763622634123u; /* 2025-11-20T07:10:34.123Z */
    struct log_options options = log_defaults();
    options.to_stderr = false;
    options.json = json;
    options.levels = LOG_UP_TO(level);
    options.file = path;
    options.burst = 3;
    options.period_s = 10;
    options.now_ms = test_now_ms;
    struct log *log;
    REQUIRE(log_new(&options, &log) == OK);
    return log;
}

static void text_lines(void)
{
    struct log *log = log_of_test(false, LEVEL_NOTICE);
    CHECK(log_wants(log, LEVEL_NOTICE));
    CHECK(!log_wants(log, LEVEL_INFO));
    log_write(log, LEVEL_NOTICE, NULL, "port %d", 1883);
    log_write(log, LEVEL_INFO, NULL, "not written");
    log_set_levels(log, LOG_UP_TO(LEVEL_DEBUG));
    log_write(log, LEVEL_DEBUG, "x", "now it is");
    log_free(log);
    CHECK_STR(content_of(path), "2025-11-20T07:10:34.123Z notice: port 1883\n"
                                "2025-11-20T07:10:34.123Z debug: now it is\n");
}

static void json_lines(void)
{
    struct log *log = log_of_test(true, LEVEL_NOTICE);
    log_write(log, LEVEL_ERROR, "bad-packet", "a \"b\" \\ \n\x01 \xff é");
    log_write(log, LEVEL_NOTICE, NULL, "plain");
    log_free(log);
    CHECK_STR(content_of(path),
              "{\"time\":\"2025-11-20T07:10:34.123Z\",\"level\":\"error\","
              "\"kind\":\"bad-packet\","
              "\"message\":\"a \\\"b\\\" \\\\ \\u000a\\u0001 \\u00ff é\"}\n"
              "{\"time\":\"2025-11-20T07:10:34.123Z\",\"level\":\"notice\","
              "\"message\":\"plain\"}\n");
}

/* A client id with a newline or a terminal's escapes stays within its line;
 * well-formed UTF-8 of every length passes. */
static void no_forged_lines(void)
{
    struct log *log = log_of_test(false, LEVEL_NOTICE);
    log_write(log, LEVEL_ERROR, NULL, "%s",
              "x\n2025 error: \x1b[2J\x7f \xc2\x9b \xc0\xaf \xed\xa0\x80 "
              "\xe2\x82 모기 ¢ \xf0\x9f\xa6\x9f \xf4\x90\x80\x80");
    log_free(log);
    CHECK_STR(content_of(path),
              "2025-11-20T07:10:34.123Z error: "
              "x\\x0a2025 error: \\x1b[2J\\x7f \\xc2\\x9b \\xc0\\xaf "
              "\\xed\\xa0\\x80 \\xe2\\x82 모기 ¢ \xf0\x9f\xa6\x9f "
              "\\xf4\\x90\\x80\\x80\n");
}

static void long_lines_are_cut(void)
{
    struct log *log = log_of_test(true, LEVEL_NOTICE);
    char text[5000];
    memset(text, 1, sizeof text);
    text[sizeof text - 1] = 0;
    log_write(log, LEVEL_ERROR, NULL, "%s", text);
    log_free(log);
    const char *content = content_of(path);
    size_t size = strlen(content);
    CHECK(size > 6 * 1997 && size < 6 * 2000 + 200);
    CHECK_STR(content + size - 12, "\\u0001...\"}\n");
}

static unsigned lines_with(const char *text)
{
    unsigned count = 0;
    const char *at = content_of(path);
    while ((at = strstr(at, text)) != NULL) {
        at += strlen(text);
        count++;
    }
    return count;
}

static void floods_are_counted(void)
{
    struct log *log = log_of_test(false, LEVEL_NOTICE);
    for (int i = 0; i < 100; i++) {
        log_write(log, LEVEL_WARNING, "flood", "drop %d", i);
        log_write(log, LEVEL_NOTICE, NULL, "never limited");
    }
    log_write(log, LEVEL_WARNING, "other", "another kind");
    CHECK_EQ(lines_with("warning: drop"), 3);
    CHECK_EQ(lines_with("never limited"), 100);
    CHECK_EQ(lines_with("another kind"), 1);
    CHECK_EQ(lines_with("left out"), 0);
    now_ms += 10000;
    log_write(log, LEVEL_NOTICE, NULL, "any line");
    CHECK_EQ(lines_with("warning: 97 more lines of kind flood were left out"),
             1);
    log_write(log, LEVEL_NOTICE, NULL, "any line");
    CHECK_EQ(lines_with("left out"), 1);
    for (int i = 0; i < 5; i++) {
        log_write(log, LEVEL_WARNING, "flood", "drop again");
    }
    CHECK_EQ(lines_with("drop again"), 3);
    log_free(log);
    CHECK_EQ(lines_with("2 more lines of kind flood"), 1);
}

/* With more kinds than are counted, the rest is written without limit. */
static void many_kinds(void)
{
    static char names[100][16];
    struct log *log = log_of_test(false, LEVEL_NOTICE);
    for (int i = 0; i < 100; i++) {
        snprintf(names[i], sizeof names[i], "k%d", i);
        log_write(log, LEVEL_WARNING, names[i], "hello");
    }
    log_free(log);
    CHECK_EQ(lines_with("hello"), 100);
}

static void reopens(void)
{
    char moved[64];
    snprintf(moved, sizeof moved, "%s.1", path);
    struct log *log = log_of_test(false, LEVEL_NOTICE);
    log_write(log, LEVEL_NOTICE, NULL, "before");
    REQUIRE(rename(path, moved) == 0);
    log_write(log, LEVEL_NOTICE, NULL, "meanwhile");
    CHECK_EQ(log_reopen(log), OK);
    log_write(log, LEVEL_NOTICE, NULL, "after");
    log_free(log);
    CHECK(strstr(content_of(moved), "meanwhile") != NULL);
    CHECK(strstr(content_of(path), "before") == NULL);
    CHECK(strstr(content_of(path), "after") != NULL);
    unlink(moved);
}

static void bad_file(void)
{
    struct log_options options = log_defaults();
    struct log *log = NULL;
    options.file = "/nonexistent/folder/log";
    CHECK_EQ(log_new(&options, &log), ERR_IO);
    CHECK(log == NULL);
    log_free(NULL);
}

static void *write_many(void *context)
{
    for (int i = 0; i < 500; i++) {
        log_write(context, LEVEL_NOTICE, NULL, "begin %0100d end", i);
        log_write(context, LEVEL_NOTICE, "flood", "flood");
        log_set_levels(context, LOG_UP_TO(LEVEL_INFO));
    }
    return NULL;
}

static void threads(void)
{
    enum { THREADS = 4 };
    struct log *log = log_of_test(false, LEVEL_NOTICE);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, write_many, log) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    log_free(log);
    CHECK_EQ(lines_with(" end\n2025"), THREADS * 500);
    CHECK_EQ(lines_with("notice: flood\n"), 3);
    CHECK_EQ(lines_with("1997 more"), 1);
}

/* A set of levels may have holes. */
static void sets_of_levels(void)
{
    struct log *log = log_of_test(false, LEVEL_NOTICE);
    log_set_levels(log, LOG_ONLY(LEVEL_ERROR) | LOG_ONLY(LEVEL_INFO));
    CHECK(log_wants(log, LEVEL_ERROR) && log_wants(log, LEVEL_INFO));
    CHECK(!log_wants(log, LEVEL_WARNING) && !log_wants(log, LEVEL_DEBUG));
    log_write(log, LEVEL_WARNING, NULL, "left out");
    log_write(log, LEVEL_INFO, NULL, "here");
    log_free(log);
    CHECK_STR(content_of(path), "2025-11-20T07:10:34.123Z info: here\n");
}

static void time_of_the_operator(void)
{
    REQUIRE(truncate(path, 0) == 0);
    struct log_options options = log_defaults();
    options.to_stderr = false;
    options.file = path;
    options.now_ms = test_now_ms;
    options.time_format = "at %Y";
    struct log *log;
    REQUIRE(log_new(&options, &log) == OK);
    log_write(log, LEVEL_ERROR, NULL, "here");
    log_free(log);
    CHECK_STR(content_of(path), "at 2025: error: here\n");
}

int main(void)
{
    int file = mkstemp(path);
    REQUIRE(file >= 0);
    close(file);
    RUN(text_lines);
    RUN(sets_of_levels);
    RUN(time_of_the_operator);
    RUN(json_lines);
    RUN(no_forged_lines);
    RUN(long_lines_are_cut);
    RUN(floods_are_counted);
    RUN(many_kinds);
    RUN(reopens);
    RUN(bad_file);
    RUN(threads);
    unlink(path);
    return check_result();
}
