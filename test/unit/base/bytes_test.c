/* bytes_test.c - texts are the same or not, whatever is behind them. */
#include "base/bytes.h"
#include "check.h"

enum { SIZE_MAX_HERE = 80 };

/* Of all sizes, with one odd byte at each place, next to a guard page. */
static void one_odd_byte(void)
{
    for (size_t size = 0; size <= SIZE_MAX_HERE; size++) {
        char text[SIZE_MAX_HERE];
        for (size_t i = 0; i < size; i++)
            text[i] = (char)('a' + i % 26);
        uint8_t *kept = check_guard(text, size);
        struct bytes a = bytes_at(text, size), b = bytes_at(kept, size);
        CHECK(bytes_equal(a, b));
        for (size_t i = 0; i < size; i++) {
            text[i] ^= 0x20;
            CHECK(!bytes_equal(a, b));
            CHECK(!bytes_equal(b, a));
            text[i] ^= 0x20;
        }
        if (size > 0) {
            CHECK(!bytes_equal(a, bytes_at(kept, size - 1)));
            CHECK(!bytes_equal(bytes_skip(b, 1), b));
        }
        check_guard_free(kept, size);
    }
}

static void nothing_is_nothing(void)
{
    struct bytes none = {NULL, 0};
    CHECK(bytes_equal(none, none));
    CHECK(bytes_equal(none, bytes_of("")));
    CHECK(!bytes_equal(none, bytes_of("a")));
}

int main(void)
{
    RUN(one_odd_byte);
    RUN(nothing_is_nothing);
    return check_result();
}
