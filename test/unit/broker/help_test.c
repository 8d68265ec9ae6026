/* help_test.c - help names every key that does something, in 80 columns. */
#include "broker/help.h"
#include "broker/keys.h"
#include "check.h"

static void help_is_whole_and_narrow(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    REQUIRE(to != NULL);
    help_print(to);
    fclose(to);
    for (const struct key *key = keys; key->name != NULL; key++) {
        char line[80];
        (void)snprintf(line, sizeof line, "\n  %s", key->name);
        bool shown = key->kind != KEY_NOTE && key->kind != KEY_REFUSED;
        if (shown) CHECK(strstr(text, line) != NULL);
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
