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

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

size_t keeper_share(const struct wal_options *options, uint64_t used,
                    uint64_t space)
{
    uint64_t segment = options->segment_bytes, most = WAL_SEGMENTS_KEPT_MAX;
    if (options->kept_max > 0) most = least(most, options->kept_max);
    uint64_t share = least(used / segment, space / (SPACE_SHARE * segment));
    if (share < WAL_SEGMENTS_KEPT) share = WAL_SEGMENTS_KEPT;
    if (options->quota_bytes > 0) {
        uint64_t few = options->quota_bytes / (QUOTA_SEGMENTS * segment);
        most = least(most, few > 0 ? few : 1);
    }
    return (size_t)least(share, most);
}

/* Full segments that stay for now: none, when there is little space: then what
 * clients have taken has to leave base.mdb. Under the lock. */
static size_t keeper_keeps(const struct wal *wal)
{
    bool many = index_count(&wal->index) > INDEX_KEYS_KEPT;
    if (wal->low || wal->over) return 0;
    return many && wal->kept > WAL_SEGMENTS_KEPT ? WAL_SEGMENTS_KEPT
                                                 : wal->kept;
}

/* The segments to be moved now, the oldest, but for the newest of them: what is
 * in it may be undone soon. Returns how many. Under the lock. */
static size_t keeper_choose(struct wal *wal,
                            struct logfile *files[MOVE_SEGMENTS_MAX])
{
    size_t count = 0;
    bool tight = wal->low || wal->over || wal->keeper_fails;
    if (wal->full_count <= keeper_keeps(wal)) return 0;
    size_t most = tight ? 1 : wal->full_count - 1;
    if (most > MOVE_SEGMENTS_MAX) most = MOVE_SEGMENTS_MAX;
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

/* The first `count` of the files are gone. Under the lock. */
static void files_gone(struct wal *wal, struct logfile **files, size_t count)
{
    wal->full_count -= count;
    for (size_t i = 0; i < count; i++)
        logfile_free(wal, files[i]);
}

/* Let go of spare files, but for one: base.mdb needs the space. */
static bool spares_spend(struct wal *wal)
{
    bool spent = false;
    while (logfile_spares(wal) > 1 && logfile_spend(wal))
        spent = true;
    return spent;
}

/* Move the segments. Returns whether that worked. */
static bool keeper_step(struct wal *wal, struct logfile **files, size_t count)
{
    size_t moved;
    enum err e = move_segments(wal, files, count, &moved);
    bool failed = e != OK && e != ERR_SHUTTING_DOWN;
    /* What failed for want of space is tried again as soon as there is some. */
    bool again = failed && e != ERR_MALFORMED && spares_spend(wal);
    failed &= !again;
    if (failed && !wal->keeper_fails) keeper_lament(wal, e);
    pthread_mutex_lock(&wal->lock);
    wal->keeper_fails = failed;
    files_gone(wal, files, moved);
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

/* Spare files that the log may grow into. */
static void keeper_trim(struct wal *wal)
{
    pthread_mutex_lock(&wal->lock);
    size_t most = SPARES_KEPT, keeps = keeper_keeps(wal);
    if (keeps > wal->full_count + most) most = keeps - wal->full_count;
    pthread_mutex_unlock(&wal->lock);
    while (logfile_spares(wal) > most && logfile_spend(wal)) {
    }
}

/* What stands on disk: base.mdb's pages in use, and the log. */
static uint64_t keeper_bytes(struct wal *wal, uint64_t used)
{
    size_t spares = logfile_spares(wal);
    size_t files = spares > SPARES_KEPT ? spares - SPARES_KEPT : 0;
    pthread_mutex_lock(&wal->lock);
    files += wal->full_count + 1;
    pthread_mutex_unlock(&wal->lock);
    return used + (uint64_t)files * wal->options.segment_bytes;
}

/* Is there more on disk than the operator wants? What makes it less is let
 * through all the same. */
static bool keeper_within(struct wal *wal, uint64_t used)
{
    uint64_t quota = wal->options.quota_bytes;
    uint64_t needed = QUOTA_SEGMENTS * (uint64_t)wal->options.segment_bytes;
    if (quota == 0) return true;
    if (quota < needed) quota = needed;
    while (keeper_bytes(wal, used) > quota &&
           logfile_spares(wal) > SPARES_KEPT && logfile_spend(wal)) {
    }
    bool over = keeper_bytes(wal, used) > quota;
    pthread_mutex_lock(&wal->lock);
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

/* See how large base.mdb is, and what follows of that. */
static bool keeper_measure(struct wal *wal)
{
    pthread_mutex_lock(&wal->base_lock);
    uint64_t used = wal->lmdb == NULL ? 0 : lmdb_used(wal->lmdb);
    pthread_mutex_unlock(&wal->base_lock);
    uint64_t space = wal->files->space(wal->files, wal->folder);
    size_t kept = keeper_share(&wal->options, used, space);
    pthread_mutex_lock(&wal->lock);
    wal->kept = kept;
    pthread_mutex_unlock(&wal->lock);
    bool within = keeper_within(wal, used);
    keeper_trim(wal);
    return within;
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
