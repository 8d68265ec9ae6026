/* storage.c - see storage.h. */
#include "broker/storage.h"

#include "broker/turn.h"
#include "store/files.h"
#include "store/wal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void storage_folder(const char *location, char folder[STORAGE_PATH_MAX])
{
    size_t size = strlen(location);
    while (size > 1 && location[size - 1] == '/')
        size--;
    (void)snprintf(folder, STORAGE_PATH_MAX, "%.*s/mogi", (int)size, location);
}

/* --- from the store ------------------------------------------------------ */

static void on_done(void *context, uint16_t part, uint64_t batch,
                    enum err result)
{
    struct hosts *hosts = context;
    assert(result == OK && part < hosts->count);
    struct mail mail = {
        .kind = MAIL_COMMITTED, .weight = MAIL_WEIGHT, .batch = batch};
    mailbox_push_one(&hosts->boxes[part], mail);
}

static void on_changed(void *context, enum wal_state state)
{
    struct hosts *hosts = context;
    struct mail mail = {.kind = MAIL_STORAGE,
                        .weight = MAIL_WEIGHT,
                        .failing = state != WAL_WORKS};
    for (uint16_t i = 0; i < hosts->count; i++)
        mailbox_push_one(&hosts->boxes[i], mail);
}

static void on_say(void *context, bool bad, const char *text)
{
    const struct hosts *hosts = context;
    log_write(hosts->log, bad ? LEVEL_ERROR : LEVEL_NOTICE, "storage", "%s",
              text);
}

/* --- opening ------------------------------------------------------------- */

static void key_set(struct hosts *hosts)
{
    uint8_t id[WAL_ID_BYTES];
    wal_id(hosts->store, id);
    _Static_assert(sizeof hosts->key == sizeof id, "an id is a key");
    memcpy(&hosts->key, id, sizeof hosts->key);
}

enum err storage_open(struct hosts *hosts, const struct config *config)
{
    if (!config->options.persistence) return OK;
    char folder[STORAGE_PATH_MAX], why[WAL_TEXT_MAX];
    storage_folder(config->persistence_location, folder);
    /* What is wrong with it will be wrong with the folder in it. */
    (void)!files_folder(config->persistence_location);
    struct wal_options options = {
        .folder = folder,
        .durability = (enum wal_durability)config->durability,
        .salvage = config->persistence_recover,
        .done = on_done,
        .changed = on_changed,
        .say = on_say,
        .context = hosts,
    };
    enum err e = wal_open(&options, &hosts->store, why);
    if (e != OK) {
        log_write(hosts->log, LEVEL_ERROR, NULL, "%s", why);
        return e;
    }
    key_set(hosts);
    return OK;
}

/* --- restoring ----------------------------------------------------------- */

struct restoring {
    struct hosts *hosts;
    uint64_t count;
};

static void on_record(void *context, struct bytes key, struct bytes value)
{
    struct restoring *restoring = context;
    struct hosts *hosts = restoring->hosts;
    for (uint16_t i = 0; i < hosts->count; i++) {
        struct event event = {
            .kind = EVENT_RESTORED, .key = key, .value = value};
        host_step(&hosts->list[i], &event);
        turn_relieve(&hosts->list[i]);
    }
    restoring->count++;
}

static void restore_end(struct hosts *hosts)
{
    for (uint16_t i = 0; i < hosts->count; i++) {
        struct event end = {.kind = EVENT_RESTORED};
        host_step(&hosts->list[i], &end);
        turn_end(&hosts->list[i]);
    }
    bool busy = true;
    while (busy) {
        busy = false;
        for (uint16_t i = 0; i < hosts->count; i++)
            busy |= host_catch_up(&hosts->list[i]);
    }
}

enum err storage_restore(struct hosts *hosts)
{
    if (hosts->store == NULL) return OK;
    if (wal_start(hosts->store) != OK) return ERR_NO_MEMORY;
    struct restoring restoring = {.hosts = hosts};
    uint64_t began_ns = uv_hrtime();
    enum err e = store_each(hosts->store, on_record, &restoring);
    if (e != OK) {
        log_write(hosts->log, LEVEL_ERROR, NULL,
                  "what was stored cannot be read; to go on without what is "
                  "lost, keep a copy of the folder and start once with "
                  "\"persistence_recover true\"");
        return e;
    }
    restore_end(hosts);
    log_write(hosts->log, LEVEL_NOTICE, NULL,
              "%llu records were stored, and are back after %llu ms",
              (unsigned long long)restoring.count,
              (unsigned long long)((uv_hrtime() - began_ns) / 1000000));
    return OK;
}

void storage_close(struct hosts *hosts)
{
    store_free(hosts->store);
    hosts->store = NULL;
}
