/* utf8.c - one pass; eight bytes at a time while they are plain ASCII. */
#include "wire/utf8.h"

#include <assert.h>

#define HIGH_BITS 0x8080808080808080u
#define LOW_BITS  0x0101010101010101u

enum { STEP = sizeof(uint64_t) };

/* Are the eight bytes at `at` non-zero ASCII? */
static bool ascii_step(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    /* With no high bit set anywhere, taking one from each byte borrows, and so
     * sets a high bit, only where a byte is zero. */
    return ((word | (word - LOW_BITS)) & HIGH_BITS) == 0;
}

/* How many bytes from `i` on are non-zero ASCII: in steps of eight, or all that
 * are left, which are looked at together with some before them. */
static size_t ascii_run(struct bytes b, size_t i)
{
    size_t from = i;
    while (b.size - i >= STEP && ascii_step(b.data + i))
        i += STEP;
    assert(i <= b.size);
    bool rest = b.size >= STEP && b.size - i < STEP;
    if (rest && ascii_step(b.data + b.size - STEP)) i = b.size;
    return i - from;
}

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The size, 1..4, of the sequence at `at`, of which `left` > 0 bytes are there;
 * 0 when it is ill-formed. The Unicode Standard, table 3-7: only the second
 * byte has bounds that depend on the first; they keep out over-long forms (e0,
 * f0), surrogates (ed) and what lies above U+10FFFF (f4). */
static size_t sequence_size(const uint8_t *at, size_t left)
{
    assert(left > 0);
    uint8_t first = at[0];
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (size > left) return 0;
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < size; i++)
        if (!is_tail(at[i])) return 0;
    return size;
}

static bool valid(struct bytes b, bool nul_allowed)
{
    size_t i = 0;
    while (i < b.size) {
        i += ascii_run(b, i);
        if (i == b.size) break;
        if (b.data[i] == 0 && !nul_allowed) return false;
        size_t size = sequence_size(b.data + i, b.size - i);
        if (size == 0) return false;
        i += size;
    }
    assert(i == b.size);
    return true;
}

bool utf8_valid(struct bytes b)
{
    return valid(b, false);
}

bool utf8_payload_valid(struct bytes b)
{
    return valid(b, true);
}

struct bytes read_string(struct reader *r)
{
    struct bytes b = read_binary(r);
    if (utf8_valid(b)) return b;
    r->failed = true;
    return (struct bytes){NULL, 0};
}
