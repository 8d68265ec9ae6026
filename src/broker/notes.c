/* notes.c - see notes.h. */
#include "broker/notes.h"

#include <assert.h>

static const char *const kinds[NOTE_KINDS] = {
    [NOTE_CONNECTED] = "connected", [NOTE_DISCONNECTED] = "disconnected",
    [NOTE_REFUSED] = "refused",     [NOTE_ABUSE] = "abuse",
    [NOTE_DROPPED] = "dropped",     [NOTE_SUBSCRIBED] = "subscribed",
    [NOTE_PACKET] = "packet",       [NOTE_STATE] = "state",
    [NOTE_DENIED] = "denied",
};

static const enum log_level levels[] = {
    [NOTE_ERROR] = LEVEL_ERROR,   [NOTE_WARNING] = LEVEL_WARNING,
    [NOTE_NOTICE] = LEVEL_NOTICE, [NOTE_INFO] = LEVEL_INFO,
    [NOTE_DEBUG] = LEVEL_DEBUG,
};

void notes_write(struct log *log, const struct actions *actions,
                 const struct action *action, const struct address *peer)
{
    assert(action->kind == ACTION_NOTE);
    assert(action->note_kind < NOTE_KINDS);
    enum log_level level = levels[action->level];
    if (!log_wants(log, level)) return;
    struct bytes text = action_bytes(actions, action);
    char from[ADDRESS_TEXT_MAX] = "";
    if (peer != NULL) (void)address_text(peer, from);
    log_write(log, level, kinds[action->note_kind], "%.*s%s%s", (int)text.size,
              (const char *)text.data, peer != NULL ? ", address " : "", from);
}
