/* keeper.c - the thread that tidies up: it moves full segments into LMDB, and
 * keeps files and space ready for the committer. */
#include "store/move.h"
#include "store/wal_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* --- space --------------------------------------------------------------- */

static void reserve_path(const struct wal *wal, char path[FILES_PATH_MAX])
{
    logfile_path(wal, "reserve", path);
}

static enum err reserve_make(struct wal *wal)
{
    if (wal->has_reserve) return OK;
    struct files *files = wal->files;
    char path[FILES_PATH_MAX];
    reserve_path(wal, path);
    int fd;
    enum err e = files->open(files, path, true, &fd);
    if (e != OK) return e;
    e = files->reserve(files, fd, RESERVE_BYTES + wal->options.segment_bytes);
    files->close(files, fd);
    if (e != OK) (void)files->remove(files, path);
    wal->has_reserve = e == OK;
    return e;
}

bool keeper_spend(struct wal *wal)
{
    if (!wal->has_reserve) return false;
    char path[FILES_PATH_MAX];
    reserve_path(wal, path);
    (void)wal->files->remove(wal->files, path);
    wal->has_reserve = false;
    return true;
}

/* --- the thread ---------------------------------------------------------- */

/* Full segments that stay for now: none, when there is little space: then what
 * clients have taken has to leave base.mdb. Under the lock. */
static size_t keeper_keeps(const struct wal *wal)
{
    const struct wal_options *options = &wal->options;
    uint64_t share = QUOTA_SEGMENTS * (uint64_t)options->segment_bytes;
    uint64_t few = options->quota_bytes / share;
    if (wal->low || wal->over) return 0;
    if (options->quota_bytes == 0 || few > WAL_SEGMENTS_KEPT)
        return WAL_SEGMENTS_KEPT;
    return few > 0 ? few : 1;
}

/* The segments to be moved now, the oldest. Returns how many. Under the
 * lock. */
static size_t keeper_choose(struct wal *wal,
                            struct logfile *files[MOVE_SEGMENTS_MAX])
{
    size_t count = 0;
    bool tight = wal->low || wal->over || wal->keeper_fails;
    size_t most = tight ? 1 : MOVE_SEGMENTS_MAX;
    if (wal->full_count <= keeper_keeps(wal)) return 0;
    LIST_EACH(at, after, &wal->full) {
        if (count == most) break;
        files[count++] = OWNER(at, struct logfile, link);
    }
    return count;
}

static void keeper_lament(struct wal *wal, enum err e)
{
    const char *why = wal->lmdb == NULL ? "" : lmdb_why(wal->lmdb);
    bool stuck = e != ERR_MALFORMED && why[0] != '\0';
    wal_say(wal, true,
            "%s/base.mdb cannot %s: %s; messages of QoS 1 and 2 are refused "
            "until it can",
            wal->folder, stuck ? "grow" : "be given what the log has",
            stuck ? why : err_text(e));
}

/* Move the segments. Returns whether that worked. */
static bool keeper_step(struct wal *wal, struct logfile **files, size_t count)
{
    enum err e = move_segments(wal, files, count);
    bool failed = e != OK;
    if (failed && !wal->keeper_fails) keeper_lament(wal, e);
    pthread_mutex_lock(&wal->lock);
    wal->keeper_fails = failed;
    for (size_t i = 0; i < count && !failed; i++) {
        wal->full_count -= 1;
        logfile_free(wal, files[i]);
    }
    pthread_cond_signal(&wal->work);
    pthread_mutex_unlock(&wal->lock);
    return !failed;
}

/* Has base.mdb room in itself for a segment? Its file never gets smaller. */
static bool base_has_room(struct wal *wal)
{
    pthread_mutex_lock(&wal->base_lock);
    uint64_t bytes = wal->lmdb == NULL ? 0 : lmdb_bytes(wal->lmdb);
    uint64_t used = wal->lmdb == NULL ? 0 : lmdb_used(wal->lmdb);
    pthread_mutex_unlock(&wal->base_lock);
    return bytes > used + RESERVE_BYTES + 2 * wal->options.segment_bytes;
}

/* See that there is a file and some space for what comes. */
static bool keeper_provide(struct wal *wal)
{
    enum err e = logfile_spare(wal, true);
    if (e == OK) e = reserve_make(wal);
    /* One spare file is enough, when there is nothing else. */
    while (e != OK && logfile_spares(wal) > 1 && logfile_spend(wal))
        e = reserve_make(wal);
    if (e != OK && logfile_spares(wal) > 0 && base_has_room(wal)) e = OK;
    wal_tell_low(wal, e != OK);
    return e == OK;
}

/* Is there more on disk than the operator wants? What makes it less is let
 * through all the same. */
static bool keeper_measure(struct wal *wal)
{
    uint64_t quota = wal->options.quota_bytes;
    uint64_t least = QUOTA_SEGMENTS * (uint64_t)wal->options.segment_bytes;
    if (quota == 0) return true;
    if (quota < least) quota = least;
    pthread_mutex_lock(&wal->base_lock);
    uint64_t used = wal->lmdb == NULL ? 0 : lmdb_used(wal->lmdb);
    pthread_mutex_unlock(&wal->base_lock);
    pthread_mutex_lock(&wal->lock);
    used += (uint64_t)(wal->full_count + 1) * wal->options.segment_bytes;
    bool over = used > quota;
    bool news = wal->over != over;
    wal->over = over;
    pthread_mutex_unlock(&wal->lock);
    if (news && over) {
        wal_say(wal, true,
                "%s has reached its quota, %llu bytes: messages of QoS 1 and 2 "
                "are refused until clients have taken what waits for them",
                wal->folder, (unsigned long long)quota);
    } else if (news) {
        wal_say(wal, false, "%s is below its quota again", wal->folder);
    }
    return !over;
}

static void keeper_wait(struct wal *wal, bool fine)
{
    wal_judge(wal);
    if (wal->closing) return;
    if (!fine) {
        /* Clients may have taken much, but of that only the log knows. */
        wal->turn_asked = (wal->low || wal->over) && wal->full_count == 0;
        if (wal->turn_asked) pthread_cond_signal(&wal->work);
        wal_wait_ms(wal, &wal->tidy, wal->options.retry_ms);
    } else if (wal->full_count <= keeper_keeps(wal) &&
               logfile_spares(wal) > 0) {
        pthread_cond_wait(&wal->tidy, &wal->lock);
    }
}

void *keeper_run(void *argument)
{
    struct wal *wal = argument;
    for (;;) {
        pthread_mutex_lock(&wal->lock);
        bool ends = wal->closing;
        struct logfile *files[MOVE_SEGMENTS_MAX];
        size_t count = keeper_choose(wal, files);
        pthread_mutex_unlock(&wal->lock);
        if (ends) return NULL;
        bool fine = count == 0 || keeper_step(wal, files, count);
        fine &= keeper_provide(wal);
        fine &= keeper_measure(wal);
        pthread_mutex_lock(&wal->lock);
        keeper_wait(wal, fine);
        pthread_mutex_unlock(&wal->lock);
    }
}
