/* notes_test.c - a shard's note becomes a line with the peer's address. */
#include "broker/notes.h"
#include "check.h"
#include "unit_pool.h"

/* A log in a file of its own, and actions that note. */
static struct desk {
    char path[32];
    int fd;
    struct log *log;
    struct pool *pool;
    struct actions actions;
} desk;

static void desk_open(void)
{
    desk = (struct desk){.path = "/tmp/mogi-notes-XXXXXX"};
    desk.fd = mkstemp(desk.path);
    REQUIRE(desk.fd >= 0);
    struct log_options options = log_defaults();
    options.to_stderr = false;
    options.no_time = true;
    options.file = desk.path;
    REQUIRE(log_new(&options, &desk.log) == OK);
    desk.pool = unit_pool();
    actions_init(&desk.actions, desk.pool);
}

/* What was written, in `text` of `size` bytes; the desk is gone. */
static void desk_close(char *text, size_t size)
{
    log_free(desk.log);
    ssize_t got = read(desk.fd, text, size - 1);
    text[got > 0 ? got : 0] = '\0';
    close(desk.fd);
    unlink(desk.path);
    actions_clear(&desk.actions);
    actions_fini(&desk.actions);
    pool_free(desk.pool);
}

static void note_becomes_a_line(void)
{
    char text[256];
    struct conn_id conn = {3};
    struct address peer = {
        .family = ADDRESS_IPV4, .port = 7, .ip = {10, 0, 0, 1}};
    desk_open();
    struct actions *actions = &desk.actions;
    actions_note(actions, NOTE_WARNING, NOTE_ABUSE, &conn, "client %s", "x");
    actions_note(actions, NOTE_DEBUG, NOTE_PACKET, NULL, "not wanted");
    actions_note(actions, NOTE_ERROR, NOTE_STATE, NULL, "alone");
    notes_write(desk.log, actions, &actions->list[0], &peer);
    notes_write(desk.log, actions, &actions->list[1], NULL);
    notes_write(desk.log, actions, &actions->list[2], NULL);
    desk_close(text, sizeof text);
    CHECK_STR(text, "warning: client x, address 10.0.0.1:7\nerror: alone\n");
}

/* A client that does the same thing again and again does not fill the log. */
static void every_kind_is_limited(void)
{
    enum { AGAIN = 50, LINE = 16 };
    static char text[NOTE_KINDS * AGAIN * LINE];
    desk_open();
    struct actions *actions = &desk.actions;
    for (int kind = 0; kind < NOTE_KINDS; kind++) {
        actions_note(actions, NOTE_WARNING, (enum note_kind)kind, NULL, "k%d.",
                     kind);
        for (int i = 0; i < AGAIN; i++)
            notes_write(desk.log, actions, &actions->list[kind], NULL);
    }
    desk_close(text, sizeof text);
    for (int kind = 0; kind < NOTE_KINDS; kind++) {
        char line[LINE];
        unsigned count = 0;
        snprintf(line, sizeof line, ": k%d.", kind);
        for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
            count++;
        CHECK(count > 0 && count < AGAIN);
    }
}

int main(void)
{
    RUN(note_becomes_a_line);
    RUN(every_kind_is_limited);
    return check_result();
}
