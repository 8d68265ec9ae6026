/* engine.h - a log under test: opened, fed, asked, and told to break.
 *
 * Its files are the system's, with a fault between: `broken` makes every
 * change fail, and what was not synced can be taken back, as a power cut does.
 */
#ifndef MOGI_ENGINE_H
#define MOGI_ENGINE_H

#include "check.h"
#include "room.h"
#include "store/wal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

enum { ENGINE_UNDO_MAX = 4096, ENGINE_TEXT_MAX = 1 << 16 };

/* Bytes as they were before a write that is not synced. */
struct undo {
    int fd;
    uint64_t offset;
    size_t size;
    uint8_t *before, *after;
};

struct engine {
    struct files files;
    struct store *store;
    struct wal_options options;
    char why[WAL_TEXT_MAX];

    pthread_mutex_t lock;
    uint64_t done[STORE_PARTS_MAX];
    unsigned calls;
    enum wal_state state;
    unsigned said, said_bad;
    char bad[8192];      /* what was said that is bad */
    atomic_int broken;   /* an errno for every change, or 0 */
    atomic_int syncless; /* syncs fail, writes do not */
    atomic_int tight;    /* no new space */
    atomic_uint syncs;
    atomic_uint wrong; /* checks that failed, in any thread */
    struct undo undo[ENGINE_UNDO_MAX];
    size_t undo_count;
    uint64_t next[STORE_PARTS_MAX];
};

/* As CHECK, from any thread; engine_free tells. */
static void engine_want(struct engine *e, bool holds)
{
    if (!holds) atomic_fetch_add(&e->wrong, 1);
}

static struct engine *engine_of(struct files *files)
{
    return (struct engine *)(void *)files;
}

static enum err engine_fault(const struct engine *e)
{
    int error = atomic_load(&e->broken);
    if (error == 0) return OK;
    errno = error;
    return error == ENOSPC ? ERR_FULL : ERR_IO;
}

static enum err engine_open_file(struct files *files, const char *path,
                                 bool make, int *fd)
{
    struct engine *e = engine_of(files);
    enum err err = make ? engine_fault(e) : OK;
    if (err != OK) return err;
    struct files *system = files_system();
    return system->open(system, path, make, fd);
}

static void engine_forget(struct engine *e, int fd)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->undo_count; i++) {
        if (e->undo[i].fd == fd) {
            free(e->undo[i].before);
        } else {
            e->undo[kept++] = e->undo[i];
        }
    }
    e->undo_count = kept;
}

static void engine_close_file(struct files *files, int fd)
{
    struct engine *e = engine_of(files);
    struct files *system = files_system();
    /* After a cut, what is to be taken back needs the file. */
    if (atomic_load(&e->broken) == EIO) return;
    pthread_mutex_lock(&e->lock);
    engine_forget(e, fd);
    pthread_mutex_unlock(&e->lock);
    system->close(system, fd);
}

static enum err engine_read(struct files *files, int fd, uint64_t offset,
                            void *to, size_t size, size_t *got)
{
    (void)files;
    struct files *system = files_system();
    return system->read(system, fd, offset, to, size, got);
}

static enum err engine_write(struct files *files, int fd, uint64_t offset,
                             struct bytes b)
{
    struct engine *e = engine_of(files);
    struct files *system = files_system();
    enum err err = engine_fault(e);
    if (err != OK) {
        /* A part of it is there all the same. */
        b.size /= 2;
        if (atomic_load(&e->broken) != EIO) {
            (void)system->write(system, fd, offset, b);
        }
        return err;
    }
    uint8_t *before = calloc(1, 2 * b.size + 1);
    if (before == NULL) abort();
    size_t got;
    engine_want(e,
                system->read(system, fd, offset, before, b.size, &got) == OK);
    memcpy(before + b.size, b.data, b.size);
    pthread_mutex_lock(&e->lock);
    if (e->undo_count == ENGINE_UNDO_MAX) abort();
    e->undo[e->undo_count++] =
        (struct undo){fd, offset, b.size, before, before + b.size};
    pthread_mutex_unlock(&e->lock);
    return system->write(system, fd, offset, b);
}

static enum err engine_sync(struct files *files, int fd)
{
    struct engine *e = engine_of(files);
    atomic_fetch_add(&e->syncs, 1);
    errno = EIO;
    if (atomic_load(&e->syncless) != 0) return ERR_IO;
    enum err err = engine_fault(e);
    if (err != OK) return err;
    pthread_mutex_lock(&e->lock);
    engine_forget(e, fd);
    pthread_mutex_unlock(&e->lock);
    return OK;
}

static enum err engine_reserve(struct files *files, int fd, uint64_t size)
{
    struct engine *e = engine_of(files);
    errno = ENOSPC;
    if (atomic_load(&e->tight) != 0) return ERR_FULL;
    enum err err = engine_fault(e);
    if (err != OK) return err;
    /* The reserve is as good when it is small. */
    if (size > 1 << 20) return OK;
    struct files *system = files_system();
    return system->reserve(system, fd, size);
}

static enum err engine_rename(struct files *files, const char *from,
                              const char *to)
{
    enum err err = engine_fault(engine_of(files));
    struct files *system = files_system();
    return err != OK ? err : system->rename(system, from, to);
}

static enum err engine_remove(struct files *files, const char *path)
{
    enum err err = engine_fault(engine_of(files));
    struct files *system = files_system();
    return err != OK ? err : system->remove(system, path);
}

static enum err engine_sync_folder(struct files *files, const char *folder)
{
    (void)folder;
    return engine_fault(engine_of(files));
}

static uint64_t engine_space(struct files *files, const char *folder)
{
    struct files *system = files_system();
    if (atomic_load(&engine_of(files)->tight) != 0) return 0;
    return system->space(system, folder);
}

static void engine_done(void *context, uint16_t part, uint64_t batch,
                        enum err result)
{
    struct engine *e = context;
    pthread_mutex_lock(&e->lock);
    engine_want(e, result == OK);
    engine_want(e, batch > e->done[part]);
    e->done[part] = batch;
    e->calls++;
    pthread_mutex_unlock(&e->lock);
}

static void engine_changed(void *context, enum wal_state state)
{
    struct engine *e = context;
    pthread_mutex_lock(&e->lock);
    e->state = state;
    pthread_mutex_unlock(&e->lock);
}

static void engine_say(void *context, bool bad, const char *text)
{
    struct engine *e = context;
    pthread_mutex_lock(&e->lock);
    e->said++;
    if (bad) {
        e->said_bad++;
        size_t size = strlen(e->bad);
        snprintf(e->bad + size, sizeof e->bad - size, "%s\n", text);
    }
    pthread_mutex_unlock(&e->lock);
}

/* One in `folder`, whose segments are small; it is not open yet. Freed with
 * engine_free. */
CHECK_UNUSED static struct engine *engine_new(const char *folder)
{
    struct engine *e = calloc(1, sizeof *e);
    REQUIRE(e != NULL);
    pthread_mutex_init(&e->lock, NULL);
    e->files = (struct files){
        engine_open_file,   engine_close_file, engine_read,   engine_write,
        engine_sync,        engine_reserve,    engine_rename, engine_remove,
        engine_sync_folder, engine_space,
    };
    e->options = (struct wal_options){
        .folder = folder,
        .segment_bytes = 8192,
        .retry_ms = 5,
        .files = &e->files,
        .done = engine_done,
        .changed = engine_changed,
        .say = engine_say,
        .context = e,
    };
    return e;
}

/* Open it; ERR_...: e->why. It works when `start`. */
CHECK_UNUSED static enum err engine_try(struct engine *e, bool start)
{
    memset(e->done, 0, sizeof e->done);
    memset(e->next, 0, sizeof e->next);
    e->state = WAL_WORKS;
    enum err err = wal_open(&e->options, &e->store, e->why);
    CHECK((err == OK) == (e->why[0] == '\0'));
    CHECK((err == OK) == (e->store != NULL));
    if (err == OK && start) REQUIRE(wal_start(e->store) == OK);
    return err;
}

CHECK_UNUSED static void engine_open(struct engine *e)
{
    enum err err = engine_try(e, true);
    if (err != OK) fprintf(stderr, "%s\n", e->why);
    REQUIRE(err == OK);
}

CHECK_UNUSED static void engine_close(struct engine *e)
{
    store_free(e->store);
    e->store = NULL;
}

CHECK_UNUSED static void engine_free(struct engine *e)
{
    engine_close(e);
    CHECK_EQ(atomic_load(&e->wrong), 0);
    for (size_t i = 0; i < e->undo_count; i++)
        free(e->undo[i].before);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

/* The power goes: of what was not synced, the first `keep` bytes stay. */
CHECK_UNUSED static void engine_cut(struct engine *e, size_t keep)
{
    atomic_store(&e->broken, EIO);
    engine_close(e);
    struct files *system = files_system();
    for (size_t i = e->undo_count; i > 0; i--) {
        const struct undo *u = &e->undo[i - 1];
        CHECK_EQ(system->write(system, u->fd, u->offset,
                               bytes_at(u->before, u->size)),
                 OK);
    }
    for (size_t i = 0; i < e->undo_count; i++) {
        const struct undo *u = &e->undo[i];
        size_t size = u->size < keep ? u->size : keep;
        keep -= size;
        CHECK_EQ(
            system->write(system, u->fd, u->offset, bytes_at(u->after, size)),
            OK);
    }
    for (int fd = 3; fd < 256; fd++) {
        for (size_t i = 0; i < e->undo_count; i++) {
            if (e->undo[i].fd != fd) continue;
            system->close(system, fd);
            break;
        }
    }
    for (size_t i = 0; i < e->undo_count; i++)
        free(e->undo[i].before);
    e->undo_count = 0;
    atomic_store(&e->broken, 0);
}

/* --- batches ------------------------------------------------------------- */

/* Submit "key=value" (a put) and "key" (a deletion), separated by spaces, as
 * one batch of `part`. Returns its number. */
CHECK_UNUSED static uint64_t engine_put(struct engine *e, uint16_t part,
                                        const char *text)
{
    static _Thread_local char copy[ENGINE_TEXT_MAX];
    struct store_change changes[64];
    size_t count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    char *save = NULL;
    for (char *word = strtok_r(copy, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        if (count == 64) abort();
        char *value = strchr(word, '=');
        if (value != NULL) *value++ = '\0';
        struct store_change *change = &changes[count++];
        *change =
            (struct store_change){.kind = STORE_DEL, .key = bytes_of(word)};
        if (value == NULL) continue;
        size_t half = strlen(value) / 2;
        change->kind = STORE_PUT;
        change->value = bytes_at(value, half);
        change->tail = bytes_of(value + half);
    }
    pthread_mutex_lock(&e->lock);
    uint64_t number = ++e->next[part];
    pthread_mutex_unlock(&e->lock);
    enum err err = store_submit(e->store, part, number, changes, count);
    engine_want(e, err == OK);
    return number;
}

static uint64_t engine_done_of(struct engine *e, uint16_t part)
{
    pthread_mutex_lock(&e->lock);
    uint64_t done = e->done[part];
    pthread_mutex_unlock(&e->lock);
    return done;
}

CHECK_UNUSED static enum wal_state engine_state(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    enum wal_state state = e->state;
    pthread_mutex_unlock(&e->lock);
    return state;
}

/* Was something bad said with `text` in it? */
CHECK_UNUSED static bool engine_said(struct engine *e, const char *text)
{
    pthread_mutex_lock(&e->lock);
    bool said = strstr(e->bad, text) != NULL;
    pthread_mutex_unlock(&e->lock);
    return said;
}

/* How often batches were reported. */
CHECK_UNUSED static unsigned engine_calls(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    unsigned calls = e->calls;
    pthread_mutex_unlock(&e->lock);
    return calls;
}

/* Wait until `condition`, for 20 s. */
#define UNTIL(condition)                                                       \
    do {                                                                       \
        unsigned waited = 0;                                                   \
        while (!(condition) && waited++ < 20000)                               \
            usleep(1000);                                                      \
        CHECK(waited < 20000);                                                 \
    } while (0)

/* Wait until batch `number` is reported. */
CHECK_UNUSED static void engine_wait(struct engine *e, uint16_t part,
                                     uint64_t number)
{
    UNTIL(engine_done_of(e, part) >= number);
}

CHECK_UNUSED static struct wal_stats engine_stats(struct engine *e)
{
    struct wal_stats stats;
    wal_stats(e->store, &stats);
    return stats;
}

/* Wait until no more segments are there than may stay. */
CHECK_UNUSED static void engine_settle(struct engine *e)
{
    UNTIL(engine_stats(e).segments <= 1 + engine_stats(e).kept);
}

/* Fill segments: `count` batches, each with a key that stays, or is deleted by
 * the next. */
CHECK_UNUSED static void engine_fill(struct engine *e, unsigned count,
                                     bool stays)
{
    for (unsigned i = 0; i < count; i++) {
        char text[256];
        int size = snprintf(text, sizeof text, "k%05u=%0150u", i, i);
        if (!stays && i > 0) {
            snprintf(text + size, sizeof text - (size_t)size, " k%05u", i - 1);
        }
        engine_wait(e, 0, engine_put(e, 0, text));
    }
}

/* Put, and wait. */
CHECK_UNUSED static void engine_keep(struct engine *e, const char *text)
{
    engine_wait(e, 0, engine_put(e, 0, text));
}

/* --- what is there ------------------------------------------------------- */

struct engine_dump {
    char text[ENGINE_TEXT_MAX];
    size_t size;
};

static void engine_show(void *context, struct bytes key, struct bytes value)
{
    struct engine_dump *d = context;
    int size = snprintf(d->text + d->size, sizeof d->text - d->size,
                        "%.*s=%.*s ", (int)key.size, (const char *)key.data,
                        (int)value.size, (const char *)value.data);
    d->size += (size_t)size;
    REQUIRE(d->size < sizeof d->text);
}

/* All that is stored, as engine_put takes it; or "?" when it is broken. */
CHECK_UNUSED static const char *engine_dump(struct engine *e)
{
    static struct engine_dump dump;
    dump.size = 0;
    dump.text[0] = '\0';
    if (store_each(e->store, engine_show, &dump) != OK) return "?";
    return dump.text;
}

/* Open, look, and close without a trace in the log: what `folder` holds. */
CHECK_UNUSED static const char *engine_look(const char *folder, bool salvage)
{
    struct engine *e = engine_new(folder);
    e->options.files = NULL;
    e->options.salvage = salvage;
    const char *text = "?";
    if (engine_try(e, false) == OK) text = engine_dump(e);
    engine_free(e);
    return text;
}

#endif
