#include "lab.h"
#include "tls/psk.h"

static struct trouble_text trouble;

static void keys_are_found(void)
{
    struct psk *psk;
    const char *path = lab_write_text("psk", "# comment\n"
                                             "\n"
                                             "bob:00FF\r\n"
                                             "alice:0a0b0c\n"
                                             "a:b:01\n"
                                             "last:ff");
    REQUIRE(psk_new(path, &psk, &trouble) == OK);
    CHECK_EQ(psk_count(psk), 4);
    struct bytes key = psk_find(psk, "bob");
    CHECK_BYTES(key.data, key.size, "\x00\xff", 2);
    key = psk_find(psk, "alice");
    CHECK_BYTES(key.data, key.size, "\x0a\x0b\x0c", 3);
    key = psk_find(psk, "a:b");
    CHECK_BYTES(key.data, key.size, "\x01", 1);
    CHECK_EQ(psk_find(psk, "last").size, 1);
    CHECK_EQ(psk_find(psk, "eve").size, 0);
    CHECK_EQ(psk_find(psk, "").size, 0);
    psk_free(psk);
    psk_free(NULL);
}

static void fails(const char *text, const char *words)
{
    struct psk *psk;
    CHECK_EQ(psk_new(lab_write_text("psk", text), &psk, &trouble), ERR_CONFIG);
    if (strstr(trouble.text, words) != NULL) return;
    fprintf(stderr, "it says: %s\n", trouble.text);
    CHECK(strstr(trouble.text, words) != NULL);
}

static void mistakes(void)
{
    fails("bob:00\nalice\n", "line 2: it is not \"identity:key\"");
    fails(":00\n", "the identity is empty");
    fails("bob:0\n", "pairs of hexadecimal digits");
    fails("bob:\n", "pairs of hexadecimal digits");
    fails("bob:0g\n", "pairs of hexadecimal digits");
    fails("bob:00\nbob:01\n", "two keys for 'bob'");
    char line[4096];
    memset(line, 'x', sizeof line);
    (void)snprintf(line + 300, sizeof line - 300, ":00\n");
    fails(line, "the identity is too long");
    memset(line, '0', sizeof line);
    memcpy(line, "bob:", 4);
    line[sizeof line - 1] = '\0';
    fails(line, "it is too long");
    line[4 + 1026] = '\0';
    fails(line, "at most 512");
    struct psk *psk;
    CHECK_EQ(psk_new(lab_path("none"), &psk, &trouble), ERR_CONFIG);
}

static void an_empty_file_has_nobody(void)
{
    struct psk *psk;
    REQUIRE(psk_new(lab_write_text("psk", ""), &psk, &trouble) == OK);
    CHECK_EQ(psk_count(psk), 0);
    CHECK_EQ(psk_find(psk, "bob").size, 0);
    psk_free(psk);
}

int main(void)
{
    RUN(keys_are_found);
    RUN(mistakes);
    RUN(an_empty_file_has_nobody);
    lab_clear();
    return check_result();
}
