/* check.h - the whole test framework: a check prints where it failed, and the
 * program goes on, so that one run shows everything that is wrong.
 *
 *     int main(void)
 *     {
 *         RUN(map_grows);              a function that takes and returns void
 *         return check_result();       0, or 1 when any check failed
 *     }
 *
 * Each macro evaluates its arguments once. Tests may check from one thread
 * only. Static functions only, so that a test is one source file.
 */
#ifndef MOGI_CHECK_H
#define MOGI_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECK_UNUSED __attribute__((unused))

static int check_failures;
static int check_count;
static const char *check_case = "";

/* `cond` holds. */
#define CHECK(cond) check_true((cond), #cond, __FILE__, __LINE__)

/* As CHECK, and the program stops when it does not hold: for what the rest of
 * the test cannot do without. */
#define REQUIRE(cond)                                                          \
    do {                                                                       \
        if (!CHECK(cond)) exit(1);                                             \
    } while (0)

/* Two integers (or pointers cast to one) are equal. */
#define CHECK_EQ(a, b)                                                         \
    check_eq((intmax_t)(a), (intmax_t)(b), #a, #b, __FILE__, __LINE__)

/* Two C strings are equal; NULL equals only NULL. */
#define CHECK_STR(a, b) check_str((a), (b), #a, __FILE__, __LINE__)

/* `size` bytes at `data` are the `want_size` bytes at `want`. */
#define CHECK_BYTES(data, size, want, want_size)                               \
    check_bytes((data), (size), (want), (want_size), #data, __FILE__, __LINE__)

/* Run a test function; failures within it are printed under its name. */
#define RUN(function)                                                          \
    do {                                                                       \
        check_case = #function;                                                \
        function();                                                            \
        check_case = "";                                                       \
    } while (0)

static void check_fail(const char *file, int line)
{
    check_failures++;
    fprintf(stderr, "%s:%d: %s: ", file, line, check_case);
}

CHECK_UNUSED static bool check_true(bool holds, const char *text,
                                    const char *file, int line)
{
    check_count++;
    if (holds) return true;
    check_fail(file, line);
    fprintf(stderr, "does not hold: %s\n", text);
    return false;
}

CHECK_UNUSED static bool check_eq(intmax_t a, intmax_t b, const char *a_text,
                                  const char *b_text, const char *file,
                                  int line)
{
    check_count++;
    if (a == b) return true;
    check_fail(file, line);
    fprintf(stderr, "%s is %" PRIdMAX " (0x%" PRIxMAX "), ", a_text, a,
            (uintmax_t)a);
    fprintf(stderr, "not %s, %" PRIdMAX " (0x%" PRIxMAX ")\n", b_text, b,
            (uintmax_t)b);
    return false;
}

CHECK_UNUSED static bool check_str(const char *a, const char *want,
                                   const char *text, const char *file, int line)
{
    check_count++;
    if (a == want) return true;
    if (a != NULL && want != NULL && strcmp(a, want) == 0) return true;
    check_fail(file, line);
    fprintf(stderr, "%s is \"%s\", not \"%s\"\n", text, a ? a : "(null)",
            want ? want : "(null)");
    return false;
}

CHECK_UNUSED static void check_dump(const char *name, const void *data,
                                    size_t size)
{
    const unsigned char *at = data;
    fprintf(stderr, "    %-5s %zu bytes:", name, size);
    for (size_t i = 0; i < size && i < 64; i++) {
        fprintf(stderr, " %02x", at[i]);
    }
    fprintf(stderr, size > 64 ? " ...\n" : "\n");
}

CHECK_UNUSED static bool check_bytes(const void *data, size_t size,
                                     const void *want, size_t want_size,
                                     const char *text, const char *file,
                                     int line)
{
    check_count++;
    if (size == want_size && (size == 0 || memcmp(data, want, size) == 0)) {
        return true;
    }
    check_fail(file, line);
    fprintf(stderr, "%s is not what it should be\n", text);
    check_dump("is", data, size);
    check_dump("want", want, want_size);
    return false;
}

/* Copy `size` bytes so that the byte after them is in a page that cannot be
 * read: a decoder that reads past its input stops the program. Freed with
 * check_guard_free; never NULL, even for size 0. */
CHECK_UNUSED static uint8_t *check_guard(const void *data, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + page - 1) / page * page;
    uint8_t *base = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + room, page, PROT_NONE) != 0) {
        perror("check_guard");
        exit(1);
    }
    uint8_t *copy = base + room - size;
    if (size > 0) memcpy(copy, data, size);
    return copy;
}

/* Free what check_guard returned for `size` bytes. */
CHECK_UNUSED static void check_guard_free(uint8_t *copy, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + page - 1) / page * page;
    munmap(copy + size - room, room + page);
}

/* The exit status of main: 1 when a check failed or none was made. */
CHECK_UNUSED static int check_result(void)
{
    fprintf(stderr, "%d checks, %d failed\n", check_count, check_failures);
    return check_failures == 0 && check_count > 0 ? 0 : 1;
}

#endif
