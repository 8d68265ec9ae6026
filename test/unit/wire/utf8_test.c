#include "check.h"
#include "wire/utf8.h"

/* The whole of Unicode, written by the plain rule, one code point at a time. */
static size_t encode(uint32_t point, uint8_t *to)
{
    if (point < 0x80) {
        to[0] = (uint8_t)point;
        return 1;
    }
    if (point < 0x800) {
        to[0] = (uint8_t)(0xc0 | point >> 6);
        to[1] = (uint8_t)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        to[0] = (uint8_t)(0xe0 | point >> 12);
        to[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        to[2] = (uint8_t)(0x80 | (point & 0x3f));
        return 3;
    }
    to[0] = (uint8_t)(0xf0 | point >> 18);
    to[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
    to[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    to[3] = (uint8_t)(0x80 | (point & 0x3f));
    return 4;
}

/* [MQTT-1.5.4-1] [MQTT-1.5.4-2] */
static void every_code_point(void)
{
    unsigned wrong = 0;
    for (uint32_t point = 0; point <= 0x13ffff; point++) {
        uint8_t b[4];
        size_t size = encode(point, b);
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        bool good = !surrogate && point <= 0x10ffff;
        if (utf8_valid(bytes_at(b, size)) != (good && point != 0)) wrong++;
        if (utf8_payload_valid(bytes_at(b, size)) != good) wrong++;
        if (size > 1 && utf8_valid(bytes_at(b, size - 1))) wrong++;
        if (size > 1 && utf8_valid(bytes_at(b + 1, size - 1))) wrong++;
    }
    CHECK_EQ(wrong, 0);
}

/* Of all pairs of bytes only these are text: two of ASCII, or one sequence. */
static void every_pair_of_bytes(void)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < 0x10000; i++) {
        uint8_t b[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        bool ascii = b[0] > 0 && b[0] < 0x80 && b[1] > 0 && b[1] < 0x80;
        bool two = b[0] >= 0xc2 && b[0] <= 0xdf && b[1] >= 0x80 && b[1] <= 0xbf;
        if (utf8_valid(bytes_at(b, 2)) != (ascii || two)) wrong++;
    }
    CHECK_EQ(wrong, 0);
}

static bool valid(const char *text, size_t size)
{
    uint8_t *at = check_guard(text, size);
    bool result = utf8_valid(bytes_at(at, size));
    check_guard_free(at, size);
    return result;
}

static void ill_formed(void)
{
    CHECK(!valid("\xc0\x80", 2));
    CHECK(!valid("\xc1\xbf", 2));
    CHECK(!valid("\xe0\x9f\xbf", 3));
    CHECK(!valid("\xf0\x8f\xbf\xbf", 4));
    CHECK(!valid("\xed\xa0\x80", 3));
    CHECK(!valid("\xf4\x90\x80\x80", 4));
    CHECK(!valid("\xf5\x80\x80\x80", 4));
    CHECK(!valid("\xe2\x82", 2));
    CHECK(!valid("\xe2\x82x", 3));
    CHECK(!valid("\xf0\x9f\xa6", 3));
    CHECK(!valid("\xf0\x9f\xa6x", 4));
    CHECK(valid("", 0));
    CHECK(valid("\xef\xbb\xbf", 3)); /* [MQTT-1.5.4-3] */
}

/* One odd byte at every place of a text longer than the eight-byte steps. */
static void odd_byte_anywhere(void)
{
    for (size_t size = 1; size <= 40; size++) {
        for (size_t i = 0; i < size; i++) {
            char text[40];
            memset(text, 'a', sizeof text);
            CHECK(valid(text, size));
            text[i] = '\0';
            CHECK(!valid(text, size));
            CHECK(utf8_payload_valid(bytes_at(text, size)));
            text[i] = (char)0x80;
            CHECK(!valid(text, size));
            text[i] = '\x01';
            CHECK(valid(text, size));
            text[i] = '\x7f';
            CHECK(valid(text, size));
        }
    }
}

static void strings_are_checked(void)
{
    struct reader r = reader_of(bytes_at("\0\2ab\0\1\xff", 7));
    struct bytes b = read_string(&r);
    CHECK_BYTES(b.data, b.size, "ab", 2);
    CHECK(!r.failed);
    b = read_string(&r);
    CHECK(r.failed);
    CHECK_EQ(b.size, 0);
}

int main(void)
{
    RUN(every_code_point);
    RUN(every_pair_of_bytes);
    RUN(ill_formed);
    RUN(odd_byte_anywhere);
    RUN(strings_are_checked);
    return check_result();
}
