/* files.h - what the store asks of the file system, so that a test can be one
 * that breaks.
 *
 * Errors are ERR_FULL when there is no space, else ERR_IO; errno says more.
 */
#ifndef MOGI_STORE_FILES_H
#define MOGI_STORE_FILES_H

#include "base/bytes.h"
#include "base/err.h"

enum { FILES_PATH_MAX = 512 };

struct files {
    /* Open `path` to read and write; with `make` an empty file, for its owner
     * alone. */
    enum err (*open)(struct files *files, const char *path, bool make, int *fd);
    void (*close)(struct files *files, int fd);

    /* Read at `offset`, until `size` bytes or the end; *got says how many. */
    enum err (*read)(struct files *files, int fd, uint64_t offset, void *to,
                     size_t size, size_t *got);

    /* Write all of `b` at `offset`, or fail. */
    enum err (*write)(struct files *files, int fd, uint64_t offset,
                      struct bytes b);

    /* What was written is on disk now. After an error nobody knows. */
    enum err (*sync)(struct files *files, int fd);

    /* Let the file have space for `size` bytes, where the system can. */
    enum err (*reserve)(struct files *files, int fd, uint64_t size);

    /* Give `from` the name `to`, in place of what has it. */
    enum err (*rename)(struct files *files, const char *from, const char *to);
    enum err (*remove)(struct files *files, const char *path);

    /* Names in `folder` are on disk now. */
    enum err (*sync_folder)(struct files *files, const char *folder);

    /* Bytes that the disk of `folder` has left; 0: unknown. */
    uint64_t (*space)(struct files *files, const char *folder);
};

/* Those of the operating system. */
struct files *files_system(void);

/* Make `folder` (not those above it), for its owner alone; fine when it is
 * there. */
MUST_USE
enum err files_folder(const char *folder);

/* Lock file `path` against other processes, until files_unlock. ERR_FULL:
 * process *owner holds it (0: unknown). */
MUST_USE
enum err files_lock(const char *path, int *fd, long *owner);
void files_unlock(int fd);

/* Show `visit` the name of each file in `folder`, in no order. */
MUST_USE
enum err files_each(const char *folder,
                    void (*visit)(void *context, const char *name),
                    void *context);

/* The whole file at `path` in *out, which the caller frees; NULL when it is
 * empty. */
MUST_USE
enum err files_load(struct files *files, const char *path, uint8_t **out,
                    size_t *size);

/* 16 bytes that nobody can foresee. */
MUST_USE
enum err files_random(uint8_t out[16]);

#endif
