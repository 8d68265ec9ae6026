/* output_test.c - what is printed of a message, as by mosquitto_sub 2.0.11. */
#include "cli/output.h"
#include "printed.h"

#include <fcntl.h>

/* What output_message prints, taken from standard output. */
static const char *printed(const struct arguments *a)
{
    static char text[256];
    FILE *file = tmpfile();
    REQUIRE(file != NULL);
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    REQUIRE(kept >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    output_message(a, &message);
    fflush(stdout);
    REQUIRE(dup2(kept, STDOUT_FILENO) >= 0);
    close(kept);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void plain(void)
{
    start("hi");
    CHECK_STR(printed(&(struct arguments){.verbose = false}), "hi\n");
    CHECK_STR(printed(&(struct arguments){.no_end_of_line = true}), "hi");
    CHECK_STR(printed(&(struct arguments){.verbose = true}), "fmt/topic hi\n");
}

static void nothing_leaves_no_line(void)
{
    start("");
    CHECK_STR(printed(&(struct arguments){.verbose = false}), "");
    CHECK_STR(printed(&(struct arguments){.verbose = true}),
              "fmt/topic (null)\n");
    CHECK_STR(
        printed(&(struct arguments){.verbose = true, .no_end_of_line = true}),
        "");
}

static void formats_win(void)
{
    start("hi");
    CHECK_STR(printed(&(struct arguments){.format = "<%p>", .verbose = true}),
              "<hi>\n");
    CHECK_STR(printed(&(struct arguments){
                  .format = "%t%p", .no_end_of_line = true, .quiet = true}),
              "fmt/topichi");
    CHECK_STR(printed(&(struct arguments){.format = "a%db", .quiet = true}),
              "ab\n");
}

int main(void)
{
    RUN(plain);
    RUN(nothing_leaves_no_line);
    RUN(formats_win);
    return check_result();
}
