/* base64.c - see base64.h. */
#include "auth/base64.h"

static const char plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The six bits of letter `c`, or -1. */
static int letter_value(enum base64_form form, uint8_t c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == (form == BASE64_URL ? '-' : '+')) return 62;
    if (c == (form == BASE64_URL ? '_' : '/')) return 63;
    return -1;
}

/* The text without its padding; false when that is not as it must be. */
static bool padding_take(struct bytes *text)
{
    if (text->size % 4 != 0) return false;
    for (unsigned i = 0; i < 2 && text->size > 0; i++) {
        if (text->data[text->size - 1] == '=') text->size -= 1;
    }
    return true;
}

bool base64_decode(enum base64_form form, struct bytes text, uint8_t *out,
                   size_t *size)
{
    if (form == BASE64_PADDED && !padding_take(&text)) return false;
    if (text.size % 4 == 1) return false;
    uint32_t bits = 0;
    unsigned held = 0; /* bits not yet written, below 8 */
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        int value = letter_value(form, text.data[i]);
        if (value < 0) return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[count++] = (uint8_t)(bits >> held);
        }
    }
    *size = count;
    return (bits & ((1u << held) - 1)) == 0;
}

size_t base64_encode(enum base64_form form, struct bytes b, char *out)
{
    const char *letters = form == BASE64_URL ? url : plain;
    size_t count = 0;
    for (size_t i = 0; i < b.size; i += 3) {
        size_t left = b.size - i;
        uint32_t bits = (uint32_t)b.data[i] << 16;
        if (left > 1) bits |= (uint32_t)b.data[i + 1] << 8;
        if (left > 2) bits |= b.data[i + 2];
        size_t letter_count = left > 2 ? 4 : left + 1;
        for (size_t k = 0; k < letter_count; k++) {
            out[count++] = letters[bits >> (18 - 6 * k) & 63];
        }
        for (size_t k = letter_count; form == BASE64_PADDED && k < 4; k++) {
            out[count++] = '=';
        }
    }
    out[count] = '\0';
    return count;
}
