/* lmdb_try_posix.c - can LMDB read a file? It trusts what is in a page, and a
 * page that has rotted may end the process that reads it. So another one reads
 * it first. */
#include "store/lmdb.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FREE_TABLE = 0, PAGES_MIN = 2 };

/* Read all of the table, and look at each byte. */
static void table_read(MDB_txn *txn, MDB_dbi table)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    if (mdb_cursor_open(txn, table, &cursor) != 0) return;
    int error = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (error == 0) {
        const volatile uint8_t *bytes = value.mv_data;
        for (size_t i = 0; i < value.mv_size; i++)
            (void)bytes[i];
        error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
}

/* Is what it says of free pages possible? Each record of it is a count and so
 * many numbers of pages. */
static bool free_table_fits(MDB_txn *txn, size_t last)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    bool fits = true;
    if (mdb_cursor_open(txn, FREE_TABLE, &cursor) != 0) return true;
    int error = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (error == 0 && fits) {
        const size_t *pages = value.mv_data;
        size_t words = value.mv_size / sizeof *pages;
        fits = words > 0 && pages[0] < words;
        for (size_t i = 1; fits && i <= pages[0]; i++)
            fits = pages[i] >= PAGES_MIN && pages[i] <= last;
        error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return fits;
}

static bool tables_fit(MDB_env *env, MDB_txn *txn, uint64_t count_max)
{
    MDB_envinfo info;
    MDB_stat stat;
    MDB_dbi table;
    if (mdb_env_info(env, &info) != 0) return true;
    if (!free_table_fits(txn, info.me_last_pgno)) return false;
    if (mdb_dbi_open(txn, "head", 0, &table) == 0) {
        table_read(txn, table);
    }
    bool there = mdb_dbi_open(txn, "records", 0, &table) == 0;
    if (there && mdb_stat(txn, table, &stat) == 0 &&
        stat.ms_entries <= count_max) {
        table_read(txn, table);
    }
    return true;
}

/* What is wrong in a way that LMDB notices, others are told by it. */
static bool file_fits(const char *path, uint64_t count_max)
{
    MDB_env *env;
    MDB_txn *txn;
    if (mdb_env_create(&env) != 0) return true;
    (void)mdb_env_set_maxdbs(env, 2);
    bool fits = true;
    unsigned flags = MDB_RDONLY | MDB_NOSUBDIR | MDB_NOTLS;
    if (mdb_env_open(env, path, flags, 0600) == 0 &&
        mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0) {
        fits = tables_fit(env, txn, count_max);
        mdb_txn_abort(txn);
    }
    mdb_env_close(env);
    return fits;
}

bool lmdb_try(const char *path, uint64_t count_max)
{
    if (access(path, R_OK) != 0) return true;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        int nowhere = open("/dev/null", O_WRONLY);
        if (nowhere >= 0) (void)dup2(nowhere, STDERR_FILENO);
        _exit(file_fits(path, count_max) ? 0 : 1);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return true;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
