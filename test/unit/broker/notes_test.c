/* notes_test.c - a shard's note becomes a line with the peer's address. */
#include "broker/notes.h"
#include "logged.h"
#include "unit_pool.h"

/* A log, and actions that note. */
static struct desk {
    struct logged logged;
    struct log *log;
    struct pool *pool;
    struct actions actions;
} desk;

static void desk_open(void)
{
    logged_open(&desk.logged);
    desk.log = desk.logged.log;
    desk.pool = unit_pool();
    actions_init(&desk.actions, desk.pool);
}

/* What was written; the desk is gone. */
static const char *desk_close(void)
{
    actions_clear(&desk.actions);
    actions_fini(&desk.actions);
    pool_free(desk.pool);
    return logged_close(&desk.logged);
}

static void note_becomes_a_line(void)
{
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
    CHECK_STR(desk_close(),
              "warning: client x, address 10.0.0.1:7\nerror: alone\n");
}

/* A client that does the same thing again and again does not fill the log. */
static void every_kind_is_limited(void)
{
    enum { AGAIN = 50, LINE = 16 };
    desk_open();
    struct actions *actions = &desk.actions;
    for (int kind = 0; kind < NOTE_KINDS; kind++) {
        actions_note(actions, NOTE_WARNING, (enum note_kind)kind, NULL, "k%d.",
                     kind);
        for (int i = 0; i < AGAIN; i++)
            notes_write(desk.log, actions, &actions->list[kind], NULL);
    }
    const char *text = desk_close();
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
