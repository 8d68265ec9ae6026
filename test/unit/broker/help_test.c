/* help_test.c - help names every key that does something, in 80 columns. */
#include "broker/help.h"
#include "broker/keys.h"
#include "check.h"

/* Does `text` have a line that begins with two spaces and `name`? */
static bool has_key(const char *text, const char *name)
{
    char line[80];
    int size = snprintf(line, sizeof line, "\n  %s", name);
    for (const char *at = text; (at = strstr(at, line)) != NULL; at++) {
        if (at[size] == ' ' || at[size] == '\n') return true;
    }
    return false;
}

static void help_is_whole_and_narrow(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    REQUIRE(to != NULL);
    help_print(to);
    fclose(to);
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        CHECK(has_key(text, key->name) == key_is_live(key));
    }
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1) {
        CHECK(strcspn(at, "\n") < 80);
    }
    free(text);
}

int main(void)
{
    RUN(help_is_whole_and_narrow);
    return check_result();
}
