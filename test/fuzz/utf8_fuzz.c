/* utf8_fuzz.c - utf8_valid against a decoder that does one thing at a time. */
#include "fuzz.h"
#include "wire/utf8.h"

/* The bits that byte `b` adds when it continues a sequence; -1 if it cannot. */
static int continuation(struct bytes b, size_t at)
{
    if (at >= b.size || (b.data[at] & 0xc0) != 0x80) return -1;
    return b.data[at] & 0x3f;
}

/* The code point at `*at`, which moves behind it; -1 when it is ill-formed. */
static long code_point(struct bytes b, size_t *at)
{
    static const long SMALLEST[] = {0, 0x80, 0x800, 0x10000};
    uint8_t first = b.data[(*at)++];
    if (first < 0x80) return first;
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc0 || first >= 0xf8) return -1;
    long code = first & (0x3f >> more);
    for (int i = 0; i < more; i++) {
        int bits = continuation(b, (*at)++);
        if (bits < 0) return -1;
        code = code << 6 | bits;
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < SMALLEST[more] || surrogate || code > 0x10ffff) return -1;
    return code;
}

static bool naive_valid(struct bytes b, bool with_zero)
{
    for (size_t at = 0; at < b.size;) {
        long code = code_point(b, &at);
        if (code < 0 || (code == 0 && !with_zero)) return false;
    }
    return true;
}

static void check(struct bytes b)
{
    PROMISE(utf8_valid(b) == naive_valid(b, false));
    PROMISE(utf8_payload_valid(b) == naive_valid(b, true));
}

static void check_string(struct bytes b)
{
    struct reader r = reader_of(b);
    struct bytes text = read_string(&r);
    if (r.failed) {
        PROMISE(text.size == 0);
        return;
    }
    PROMISE(naive_valid(text, false));
    PROMISE(text.size + 2 + reader_left(&r) == b.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = bytes_at(data, size);
    check_string(b);
    /* Each start is aligned differently, and cuts another sequence. */
    for (size_t skip = 0; skip < 9 && skip <= size; skip++)
        check(bytes_skip(b, skip));
    return 0;
}
