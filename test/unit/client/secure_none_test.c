/* The source itself: the library that tests link has TLS. */
#include "check.h"
#include "client/secure_none.c"

static void tells_what_is_missing(void)
{
    char text[200] = "";
    struct secure_trouble t = {.text = text, .size = sizeof text};
    struct secure_memory *memory = NULL;
    struct mogi_tls tls = {.ca_file = "x"};
    CHECK(secure_new(&tls, &memory, &t) == NULL);
    CHECK_EQ(t.kind, MOGI_TLS_SETUP);
    CHECK(strstr(text, "built without TLS") != NULL);
    secure_free(NULL);
    secure_memory_free(memory);
}

int main(void)
{
    RUN(tells_what_is_missing);
    return check_result();
}
