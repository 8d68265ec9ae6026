/* files_posix_test.c - the system's files: whole reads, honest errors, one
 * owner. */
#include "room.h"
#include "store/files.h"

#include <errno.h>

static void bytes_come_back(void)
{
    struct files *files = files_system();
    const char *room = room_new();
    char path[ROOM_PATH_MAX], other[ROOM_PATH_MAX], text[16];
    room_path(room, "one", path);
    room_path(room, "two", other);
    int fd;
    size_t got;
    CHECK_EQ(files->open(files, path, false, &fd), ERR_IO);
    CHECK_EQ(errno, ENOENT);
    REQUIRE(files->open(files, path, true, &fd) == OK);
    CHECK_EQ(files->write(files, fd, 3, bytes_of("hello")), OK);
    CHECK_EQ(files->sync(files, fd), OK);
    CHECK_EQ(files->read(files, fd, 1, text, sizeof text, &got), OK);
    CHECK_BYTES(text, got, "\0\0hello", 7);
    CHECK_EQ(files->reserve(files, fd, 100), OK);
    files->close(files, fd);
    CHECK_EQ(files->rename(files, path, other), OK);
    CHECK_EQ(files->sync_folder(files, room), OK);
    uint8_t *bytes;
    CHECK_EQ(files_load(files, other, &bytes, &got), OK);
    CHECK_EQ(got, 100);
    free(bytes);
    CHECK_EQ(files->remove(files, other), OK);
    CHECK_EQ(files->remove(files, other), OK);
    CHECK_EQ(files_load(files, other, &bytes, &got), ERR_IO);
    CHECK_EQ(files->write(files, -1, 0, bytes_of("x")), ERR_IO);
    CHECK_EQ(files->sync(files, -1), ERR_IO);
    CHECK_EQ(files->sync_folder(files, path), ERR_IO);
}

static void no_space_is_told_from_other_trouble(void)
{
    if (access("/dev/full", W_OK) != 0) return;
    struct files *files = files_system();
    int fd;
    REQUIRE(files->open(files, "/dev/full", false, &fd) == OK);
    CHECK_EQ(files->write(files, fd, 0, bytes_of("x")), ERR_FULL);
    CHECK_EQ(errno, ENOSPC);
    files->close(files, fd);
}

static void a_lock_has_one_owner(void)
{
    char path[ROOM_PATH_MAX];
    room_path(room_new(), "lock", path);
    int fd, other;
    long owner;
    CHECK_EQ(files_lock(path, &fd, &owner), OK);
    CHECK_EQ(files_lock(path, &other, &owner), ERR_FULL);
    CHECK_EQ(owner, getpid());
    files_unlock(fd);
    CHECK_EQ(files_lock(path, &fd, &owner), OK);
    files_unlock(fd);
    CHECK_EQ(files_lock("/nowhere/lock", &fd, &owner), ERR_IO);
}

static void name_seen(void *context, const char *name)
{
    unsigned *count = context;
    if (name[0] != '.') *count += 1;
}

static void folders_are_made_and_listed(void)
{
    char path[ROOM_PATH_MAX];
    unsigned count = 0;
    const char *room = room_new();
    room_path(room, "folder", path);
    CHECK_EQ(files_folder(path), OK);
    CHECK_EQ(files_folder(path), OK);
    CHECK_EQ(files_folder("/nowhere/folder"), ERR_IO);
    CHECK_EQ(files_each(room, name_seen, &count), OK);
    CHECK_EQ(count, 1);
    CHECK_EQ(files_each("/nowhere", name_seen, &count), ERR_IO);
}

static void nobody_can_foresee(void)
{
    uint8_t a[16], b[16];
    CHECK_EQ(files_random(a), OK);
    CHECK_EQ(files_random(b), OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
}

int main(void)
{
    RUN(bytes_come_back);
    RUN(no_space_is_told_from_other_trouble);
    RUN(a_lock_has_one_owner);
    RUN(folders_are_made_and_listed);
    RUN(nobody_can_foresee);
    return check_result();
}
