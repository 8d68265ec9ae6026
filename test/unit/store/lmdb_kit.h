/* lmdb_kit.h - a sorted file in a room of its own, and what is in it. */
#ifndef LMDB_KIT_H
#define LMDB_KIT_H

#include "room.h"
#include "store/lmdb.h"

CHECK_UNUSED static struct lmdb_change put(const char *key, const char *value,
                                           uint64_t order)
{
    return (struct lmdb_change){.key = bytes_of(key),
                                .value = bytes_of(value),
                                .kind = STORE_PUT,
                                .order = order};
}

CHECK_UNUSED static struct lmdb_change del(const char *key, uint64_t order)
{
    return (struct lmdb_change){
        .key = bytes_of(key), .kind = STORE_DEL, .order = order};
}

CHECK_UNUSED static struct lmdb *opened(const char *room)
{
    char path[ROOM_PATH_MAX];
    room_path(room, "base.mdb", path);
    struct lmdb *lmdb;
    REQUIRE(lmdb_open(path, false, &lmdb) == OK);
    return lmdb;
}

CHECK_UNUSED static void show(void *context, struct bytes key,
                              struct bytes value)
{
    char *text = context;
    snprintf(text + strlen(text), 256 - strlen(text), "%.*s=%.*s ",
             (int)key.size, (const char *)key.data, (int)value.size,
             (const char *)value.data);
}

CHECK_UNUSED static const char *dump(struct lmdb *lmdb)
{
    static char text[256];
    text[0] = '\0';
    return lmdb_each(lmdb, show, text) == OK ? text : "?";
}

#endif
