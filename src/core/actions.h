/* actions.h - all that a shard can want done, in the order it wants it.
 *
 * The host owns a `struct actions`, hands it to each step of a turn, carries
 * out what gathered, and clears it. Bytes live in one arena, so that a packet
 * for a thousand clients is there once:
 *
 *     list   [ SEND 7 ][ SEND 9 ][ NOTE ][ SEND 7 ][ POST 1 ] ...
 *               |         |                 |
 *     arena  [ 30 12 00 03 61 ... ][ 40 02 00 01 ] ...
 *
 * SENDs of one connection leave in order. A turn's changes are one batch,
 * numbered `batch` by the host before the turn, and submitted before any POST
 * of the turn reaches another shard: what follows from it is durable later.
 * The core itself holds back what must not leave before a batch is on disk,
 * until COMMITTED tells it.
 */
#ifndef MOGI_CORE_ACTIONS_H
#define MOGI_CORE_ACTIONS_H

#include "base/buffer.h"
#include "core/id.h"
#include "core/post.h"

struct body;

enum action_kind {
    ACTION_SEND,   /* write bytes, then the payload of `body` if any */
    ACTION_CLOSE,  /* forget `conn`; with `linger` deliver what was SENT,
                      shut down writing, drain input for a bounded time */
    ACTION_MOVE,   /* hand `conn` to `shard`, with bytes not yet used; the
                      other side gets OPENED, then BYTES with these */
    ACTION_PAUSE,  /* stop reading `conn` */
    ACTION_RESUME, /* read `conn` again */
    ACTION_POST,   /* `post` to `shard`, with bytes as its `packed` */
    ACTION_PUT,    /* store a record: key, value, then all bytes of `body`:
                      topic, forward, payload, as they lie in it */
    ACTION_DEL,    /* delete a record: key */
    ACTION_HOLD,   /* one more refers to a counted record: key, and, but for
                      who has it already, the value as of PUT */
    ACTION_DROP,   /* one less: key */
    ACTION_LOAD,   /* read deliveries: see page.h; LOADED answers */
    ACTION_ASK,    /* who `conn` is: `ask` numbers the question, its bytes are
                      as in ask.h; answered by GRANTED */
    ACTION_NOTE    /* a line for the log: level and text */
};

enum note_level {
    NOTE_ERROR,
    NOTE_WARNING,
    NOTE_NOTICE,
    NOTE_INFO,
    NOTE_DEBUG
};

/* What a note is about: the host limits the rate of each kind by itself. */
enum note_kind {
    NOTE_CONNECTED,
    NOTE_DISCONNECTED,
    NOTE_REFUSED,
    NOTE_ABUSE,
    NOTE_DROPPED,
    NOTE_SUBSCRIBED,
    NOTE_PACKET,
    NOTE_STATE,
    NOTE_DENIED, /* access rules forbid it */
    NOTE_KINDS
};

struct action {
    uint8_t kind;      /* enum action_kind */
    bool notify;       /* SEND: answer with DRAINED when it is written */
    bool linger;       /* CLOSE */
    uint8_t level;     /* NOTE: enum note_level */
    uint8_t note_kind; /* NOTE: enum note_kind */
    uint8_t ask_kind;  /* ASK: enum ask_kind */
    bool has_conn;     /* NOTE: `conn` is meant */
    uint16_t shard;    /* MOVE, POST */
    struct conn_id conn;
    uint32_t ask;    /* ASK: never 0 */
    uint32_t offset; /* SEND MOVE NOTE ASK LOAD POST, changes: in the arena */
    uint32_t size;   /* their number; changes: of the key */
    uint32_t value_size; /* PUT HOLD: of the value, right behind the key */
    uint32_t post;       /* POST: index in `posts` */
    struct body *body;   /* SEND PUT HOLD: a reference owned by the action */
};

/* Is `kind` a change of the store? */
static inline bool action_changes(enum action_kind kind)
{
    return kind >= ACTION_PUT && kind <= ACTION_DROP;
}

struct actions {
    struct pool *pool;
    struct action *list;
    size_t count, capacity;
    struct post *posts;
    size_t post_count, post_capacity;
    struct buffer arena;
    uint64_t batch;   /* the number this turn's PUT and DEL will have */
    size_t put_count; /* changes in `list` */
};

/* No actions; memory comes from `pool`. */
void actions_init(struct actions *actions, struct pool *pool);

/* Forget everything: drops the references that actions still own (a host that
 * took one over has set it to NULL). Keeps memory for the next turn, unless it
 * was an unusually large one. */
void actions_clear(struct actions *actions);

/* Give all memory back. */
void actions_fini(struct actions *actions);

/* The bytes of SEND, MOVE, NOTE, ASK, LOAD, POST; the key of a change. Valid
 * until the next action is added. */
struct bytes action_bytes(const struct actions *actions,
                          const struct action *action);

/* The value of PUT or HOLD, without its body. */
struct bytes action_value(const struct actions *actions,
                          const struct action *action);

/* Add an action of `kind` about `conn`, all else zero; valid until the next is
 * added. */
struct action *actions_add(struct actions *actions, enum action_kind kind,
                           struct conn_id conn);

/* Add SEND of `size` bytes at `offset` of the arena. `body` may be NULL, else
 * its payload follows and the action takes a reference of its own. */
void actions_send(struct actions *actions, struct conn_id conn, uint32_t offset,
                  uint32_t size, struct body *body, bool notify);

/* Add POST to `shard`: a post of `kind`, all else zero, to be filled in by the
 * caller before the next post is added. */
struct post *actions_post(struct actions *actions, uint16_t shard,
                          enum post_kind kind);

/* Let the post that was added last bring `size` bytes of the arena at `offset`,
 * as its `packed`. */
void actions_post_packed(struct actions *actions, uint32_t offset,
                         uint32_t size);

/* Add NOTE; the text is cut at NOTE_BYTES_MAX. `conn` may be NULL. */
void actions_note(struct actions *actions, enum note_level level,
                  enum note_kind kind, const struct conn_id *conn,
                  const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
