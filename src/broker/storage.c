/* storage.c - see storage.h. */
#include "broker/storage.h"

#include "broker/block.h"
#include "broker/turn.h"
#include "core/page.h"
#include "core/walk.h"
#include "store/files.h"
#include "store/wal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
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
    struct mail mail = {.kind = MAIL_COMMITTED, .batch = batch};
    mailbox_push_one(&hosts->boxes[part], mail);
}

static void on_changed(void *context, enum wal_state state)
{
    struct hosts *hosts = context;
    struct mail mail = {.kind = MAIL_STORAGE, .failing = state != WAL_WORKS};
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
        .quota_bytes = config->persistence_quota,
        .done = on_done,
        .changed = on_changed,
        .say = on_say,
        .context = hosts,
    };
    enum err e = wal_open(&options, &hosts->store, why);
    if (e != OK) {
        log_write(hosts->log, LEVEL_ERROR, NULL, "%s%s", why,
                  e == ERR_IO ? "; persistence_location names the folder, "
                                "which is made or must be there to write in"
                              : "");
        return e;
    }
    key_set(hosts);
    return OK;
}

/* --- restoring ----------------------------------------------------------- */

struct restoring {
    struct hosts *hosts;
    struct walk walk;
    uint64_t count;
};

static void on_record(void *context, struct store_view *view, struct bytes key,
                      struct bytes value, struct jump *jump)
{
    struct restoring *restoring = context;
    struct hosts *hosts = restoring->hosts;
    struct walk_message wanted;
    walk_step(&restoring->walk, key, value, jump, &wanted);
    struct bytes message = store_find(view, bytes_at(wanted.key, wanted.size));
    for (uint16_t i = 0; i < hosts->count; i++) {
        struct event event = {.kind = EVENT_RESTORED,
                              .key = key,
                              .value = value,
                              .message = message};
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
    enum err e = store_walk(hosts->store, on_record, &restoring);
    if (e != OK) {
        log_write(hosts->log, LEVEL_ERROR, NULL,
                  "what was stored cannot be read; to go on without what is "
                  "lost, keep a copy of the folder and start once with "
                  "\"persistence_recover true\"");
        return e;
    }
    restore_end(hosts);
    log_write(hosts->log, LEVEL_NOTICE, NULL,
              "%llu records were read, and all is back after %llu ms",
              (unsigned long long)restoring.count,
              (unsigned long long)((uv_hrtime() - began_ns) / 1000000));
    return OK;
}

/* --- loading ------------------------------------------------------------- */

/* A LOAD on its way: what is asked, and the page as it grows. */
struct loading {
    struct store_task task;
    struct host *host;
    struct page_load load;
    struct store_view *view; /* while it runs */
    struct loaded *loaded;
    size_t capacity;
    uint8_t client[];
};

static enum err load_get(void *context, struct bytes key, struct bytes *value)
{
    const struct loading *loading = context;
    return store_get(loading->view, key, value);
}

static enum err load_add(void *context, struct bytes bytes)
{
    struct loading *loading = context;
    struct loaded *loaded = loading->loaded;
    size_t need = loaded->size + bytes.size;
    if (need > loading->capacity) {
        loading->capacity = 2 * need;
        loaded = block_grow(loaded, sizeof *loaded + loading->capacity);
        loading->loaded = loaded;
    }
    memcpy(loaded->bytes + loaded->size, bytes.data, bytes.size);
    loaded->size = need;
    return OK;
}

static void load_run(struct store_task *task, struct store_view *view)
{
    struct loading *loading = OWNER(task, struct loading, task);
    struct page_host host = {loading, load_get, load_add};
    loading->view = view;
    uint64_t end;
    enum err e = page_read(&loading->load, &host, &end);
    struct loaded *loaded = loading->loaded;
    loaded->end = end;
    loaded->failing = e != OK;
    struct mail mail = {.kind = MAIL_LOADED, .loaded = loaded};
    struct hosts *hosts = loading->host->hosts;
    mailbox_push_one(&hosts->boxes[loading->host->index], mail);
    free(loading);
}

void storage_load(struct host *host, struct bytes bytes)
{
    struct page_load load;
    page_load_read(bytes, &load);
    struct loading *loading =
        block_grow(NULL, sizeof *loading + load.client.size);
    memset(loading, 0, sizeof *loading);
    memcpy(loading->client, load.client.data, load.client.size);
    load.client.data = loading->client;
    loading->task.run = load_run;
    loading->host = host;
    loading->load = load;
    loading->loaded = block_grow(NULL, sizeof *loading->loaded);
    *loading->loaded = (struct loaded){.token = load.token};
    store_look(host->hosts->store, &loading->task);
}

void storage_close(struct hosts *hosts)
{
    store_free(hosts->store);
    hosts->store = NULL;
}
