/* base64.h - bytes as text, one text for each row of bytes. RFC 4648
 *
 * Decoding is strict, so that nobody writes the same token or hash in two ways:
 * no white space, no foreign letter, padding exactly where the form has it, and
 * the bits that are left over are zero.
 */
#ifndef MOGI_AUTH_BASE64_H
#define MOGI_AUTH_BASE64_H

#include "base/bytes.h"

enum base64_form {
    BASE64_PADDED, /* + and /, padded with =: password files, SCRAM */
    BASE64_BARE,   /* + and /, no padding: PHC strings */
    BASE64_URL     /* - and _, no padding: RFC 7515, 2 */
};

/* The most bytes that `text_size` letters stand for. */
static inline size_t base64_bytes_max(size_t text_size)
{
    return text_size / 4 * 3 + 3;
}

/* How many letters stand for `size` bytes at most, without NUL. */
static inline size_t base64_text_max(size_t size)
{
    return size / 3 * 4 + 4;
}

/* Decode `text` into `out`, which has room for base64_bytes_max(text.size);
 * how many bytes it was goes to `*size`. False: it is not of this form; `out`
 * then holds anything. */
bool base64_decode(enum base64_form form, struct bytes text, uint8_t *out,
                   size_t *size);

/* Encode `b` into `out`, which has room for base64_text_max(b.size) + 1
 * letters; ends with a NUL. Returns the letters without it. */
size_t base64_encode(enum base64_form form, struct bytes b, char *out);

#endif
