/* room.h - a folder of its own for a test, and ways to spoil it.
 *
 * room_new makes one; it and all in it are removed at the end.
 */
#ifndef MOGI_ROOM_H
#define MOGI_ROOM_H

#include "check.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM_PATH_MAX = 512, ROOMS_MAX = 64 };

static char rooms[ROOMS_MAX][64];
static size_t room_count;

CHECK_UNUSED static void room_empty(const char *room)
{
    DIR *list = opendir(room);
    if (list == NULL) return;
    for (struct dirent *at = readdir(list); at != NULL; at = readdir(list)) {
        if (strcmp(at->d_name, ".") == 0 || strcmp(at->d_name, "..") == 0) {
            continue;
        }
        char path[2 * ROOM_PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", room, at->d_name);
        if (unlink(path) != 0) {
            room_empty(path);
            (void)rmdir(path);
        }
    }
    closedir(list);
}

CHECK_UNUSED static void rooms_remove(void)
{
    for (size_t i = 0; i < room_count; i++) {
        room_empty(rooms[i]);
        (void)rmdir(rooms[i]);
    }
}

/* A new empty folder, in memory where the system has such. */
CHECK_UNUSED static const char *room_new(void)
{
    REQUIRE(room_count < ROOMS_MAX);
    if (room_count == 0) atexit(rooms_remove);
    char *room = rooms[room_count];
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(room, sizeof rooms[0], "%s/mogi-room-XXXXXX", base);
    REQUIRE(mkdtemp(room) != NULL);
    room_count++;
    return room;
}

CHECK_UNUSED static void room_path(const char *room, const char *name,
                                   char path[ROOM_PATH_MAX])
{
    int size = snprintf(path, ROOM_PATH_MAX, "%s/%s", room, name);
    REQUIRE(size < ROOM_PATH_MAX);
}

/* All of the file, and room for a byte more; freed by the caller. */
CHECK_UNUSED static uint8_t *room_load(const char *room, const char *name,
                                       size_t *size)
{
    char path[ROOM_PATH_MAX];
    room_path(room, name, path);
    FILE *file = fopen(path, "rb");
    REQUIRE(file != NULL);
    struct stat stat;
    REQUIRE(fstat(fileno(file), &stat) == 0);
    *size = (size_t)stat.st_size;
    uint8_t *bytes = malloc(*size + 1);
    REQUIRE(bytes != NULL && fread(bytes, 1, *size, file) == *size);
    fclose(file);
    return bytes;
}

CHECK_UNUSED static void room_save(const char *room, const char *name,
                                   const uint8_t *bytes, size_t size)
{
    char path[ROOM_PATH_MAX];
    room_path(room, name, path);
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL && fwrite(bytes, 1, size, file) == size);
    REQUIRE(fclose(file) == 0);
}

CHECK_UNUSED static bool room_has(const char *room, const char *name)
{
    char path[ROOM_PATH_MAX];
    room_path(room, name, path);
    return access(path, F_OK) == 0;
}

CHECK_UNUSED static void room_drop(const char *room, const char *name)
{
    char path[ROOM_PATH_MAX];
    room_path(room, name, path);
    CHECK_EQ(unlink(path), 0);
}

/* Make `to` what `from` is, files of spare space left out. */
CHECK_UNUSED static void room_copy(const char *from, const char *to)
{
    room_empty(to);
    DIR *list = opendir(from);
    REQUIRE(list != NULL);
    for (struct dirent *at = readdir(list); at != NULL; at = readdir(list)) {
        if (at->d_name[0] == '.' || strcmp(at->d_name, "reserve") == 0 ||
            strcmp(at->d_name, "base.mdb-lock") == 0 ||
            strncmp(at->d_name, "spare", 5) == 0) {
            continue;
        }
        size_t size;
        uint8_t *bytes = room_load(from, at->d_name, &size);
        room_save(to, at->d_name, bytes, size);
        free(bytes);
    }
    closedir(list);
}

#endif
