/* notes_test.c - a shard's note becomes a line with the peer's address. */
#include "broker/notes.h"
#include "check.h"
#include "unit_pool.h"

static void note_becomes_a_line(void)
{
    char path[] = "/tmp/mogi-notes-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    struct log_options options = log_defaults();
    options.to_stderr = false;
    options.no_time = true;
    options.file = path;
    struct log *log;
    REQUIRE(log_new(&options, &log) == OK);
    struct pool *pool = unit_pool();
    struct actions actions;
    actions_init(&actions, pool);
    struct conn_id conn = {3};
    actions_note(&actions, NOTE_WARNING, NOTE_ABUSE, &conn, "client %s", "x");
    actions_note(&actions, NOTE_DEBUG, NOTE_PACKET, NULL, "not wanted");
    actions_note(&actions, NOTE_ERROR, NOTE_STATE, NULL, "alone");
    struct address peer = {
        .family = ADDRESS_IPV4, .port = 7, .ip = {10, 0, 0, 1}};
    notes_write(log, &actions, &actions.list[0], &peer);
    notes_write(log, &actions, &actions.list[1], NULL);
    notes_write(log, &actions, &actions.list[2], NULL);
    log_free(log);
    char text[256];
    ssize_t size = read(fd, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    CHECK_STR(text, "warning: client x, address 10.0.0.1:7\nerror: alone\n");
    close(fd);
    unlink(path);
    actions_clear(&actions);
    actions_fini(&actions);
    pool_free(pool);
}

/* A client that does the same thing again and again does not fill the log. */
static void every_kind_is_limited(void)
{
    enum { AGAIN = 50, LINE = 16 };
    static char text[NOTE_KINDS * AGAIN * LINE];
    char path[] = "/tmp/mogi-notes-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    struct log_options options = log_defaults();
    options.to_stderr = false;
    options.no_time = true;
    options.file = path;
    struct log *log;
    REQUIRE(log_new(&options, &log) == OK);
    struct pool *pool = unit_pool();
    struct actions actions;
    actions_init(&actions, pool);
    for (int kind = 0; kind < NOTE_KINDS; kind++) {
        actions_note(&actions, NOTE_WARNING, (enum note_kind)kind, NULL, "k%d.",
                     kind);
        for (int i = 0; i < AGAIN; i++)
            notes_write(log, &actions, &actions.list[kind], NULL);
    }
    log_free(log);
    ssize_t size = read(fd, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    for (int kind = 0; kind < NOTE_KINDS; kind++) {
        char line[LINE];
        unsigned count = 0;
        snprintf(line, sizeof line, ": k%d.", kind);
        for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
            count++;
        CHECK(count > 0 && count < AGAIN);
    }
    close(fd);
    unlink(path);
    actions_clear(&actions);
    actions_fini(&actions);
    pool_free(pool);
}

int main(void)
{
    RUN(note_becomes_a_line);
    RUN(every_kind_is_limited);
    return check_result();
}
