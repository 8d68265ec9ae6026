/* base64_test.c - the vectors of RFC 4648, and what is refused. */
#include "auth/base64.h"
#include "check.h"

static const struct {
    const char *bytes, *padded, *bare;
} vectors[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
};

static void check_both(enum base64_form form, struct bytes b, const char *text)
{
    char encoded[64];
    size_t letters = base64_encode(form, b, encoded);
    CHECK_STR(encoded, text);
    CHECK_EQ(letters, strlen(text));
    CHECK(letters <= base64_text_max(b.size));
    size_t text_size = strlen(text), size = 99;
    uint8_t *copy = check_guard(text, text_size);
    uint8_t decoded[64];
    CHECK(base64_decode(form, bytes_at(copy, text_size), decoded, &size));
    CHECK_BYTES(decoded, size, b.data, b.size);
    CHECK(size <= base64_bytes_max(text_size));
    check_guard_free(copy, text_size);
}

static void vectors_go_both_ways(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct bytes b = bytes_of(vectors[i].bytes);
        check_both(BASE64_PADDED, b, vectors[i].padded);
        check_both(BASE64_BARE, b, vectors[i].bare);
        check_both(BASE64_URL, b, vectors[i].bare);
    }
}

static void letters_differ_by_form(void)
{
    struct bytes b = bytes_at("\xfb\xff\xbf", 3);
    check_both(BASE64_PADDED, b, "+/+/");
    check_both(BASE64_URL, b, "-_-_");
}

static void all_bytes_come_back(void)
{
    for (unsigned i = 0; i < 65536; i++) {
        uint8_t in[2] = {(uint8_t)(i >> 8), (uint8_t)i}, out[6];
        char text[8];
        size_t letters = base64_encode(BASE64_URL, bytes_at(in, 2), text);
        size_t size = 0;
        bool fine =
            base64_decode(BASE64_URL, bytes_at(text, letters), out, &size);
        if (!fine || size != 2 || memcmp(in, out, 2) != 0) {
            CHECK_EQ(i, -1);
            return;
        }
    }
    CHECK(true);
}

static void others_are_refused(void)
{
    static const struct {
        enum base64_form form;
        const char *text;
    } bad[] = {
        {BASE64_URL, "A"},         {BASE64_URL, "AAAAA"},
        {BASE64_URL, "Zg=="},      {BASE64_URL, "Zh"}, /* bits left over */
        {BASE64_URL, "Zm9"},       {BASE64_URL, "Zm 9v"},
        {BASE64_URL, "Zm9v\n"},    {BASE64_URL, "+/+/"},
        {BASE64_URL, "Zm9v."},     {BASE64_BARE, "Zg=="},
        {BASE64_BARE, "-_-_"},     {BASE64_PADDED, "Zg"},
        {BASE64_PADDED, "Zg="},    {BASE64_PADDED, "Zg==="},
        {BASE64_PADDED, "Z==="},   {BASE64_PADDED, "===="},
        {BASE64_PADDED, "Zg==Zg"}, {BASE64_PADDED, "Zg==Zg=="},
        {BASE64_PADDED, "Zh=="},   {BASE64_PADDED, "Zm9="},
        {BASE64_PADDED, "=Zm9"},   {BASE64_PADDED, "Zm9v "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t out[64];
        size_t size;
        if (base64_decode(bad[i].form, bytes_of(bad[i].text), out, &size)) {
            CHECK_STR(bad[i].text, "refused");
        }
    }
    uint8_t out[64];
    size_t size;
    CHECK(!base64_decode(BASE64_URL, bytes_at("Zg\0A", 4), out, &size));
    CHECK(!base64_decode(BASE64_URL, bytes_at("Zg\xc3\xa9", 4), out, &size));
}

int main(void)
{
    RUN(vectors_go_both_ways);
    RUN(letters_differ_by_form);
    RUN(all_bytes_come_back);
    RUN(others_are_refused);
    return check_result();
}
