/* lines.c - see lines.h. */
#include "auth/lines.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct bytes lines_begin(struct bytes text)
{
    bool marked = text.size >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0;
    return marked ? bytes_skip(text, 3) : text;
}

struct bytes lines_next(struct bytes *text)
{
    const uint8_t *end =
        text->size > 0 ? memchr(text->data, '\n', text->size) : NULL;
    size_t size = end != NULL ? (size_t)(end - text->data) : text->size;
    struct bytes line = {text->data, size};
    *text = bytes_skip(*text, end != NULL ? size + 1 : size);
    return lines_trim(line);
}

struct bytes lines_word(struct bytes *text)
{
    size_t size = 0;
    while (size < text->size && !is_blank(text->data[size]))
        size += 1;
    struct bytes word = {text->data, size};
    *text = lines_trim(bytes_skip(*text, size));
    return word;
}

struct bytes lines_trim(struct bytes b)
{
    while (b.size > 0 && is_blank(b.data[0]))
        b = bytes_skip(b, 1);
    while (b.size > 0 && is_blank(b.data[b.size - 1]))
        b.size -= 1;
    return b;
}
