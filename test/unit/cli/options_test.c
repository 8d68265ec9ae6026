#include "check.h"
#include "cli/options.h"

static void names_are_unique(void)
{
    const struct option_row *row;
    for (size_t i = 0; (row = options_at(i)) != NULL; i++) {
        CHECK(row->brief != NULL || row->full != NULL);
        bool known = row->take != NULL || row->member != 0;
        CHECK(known == (row->help != NULL));
        for (unsigned c = 0; c < 3; c++) {
            if ((row->users >> c & 1) == 0) continue;
            enum arguments_command command = (enum arguments_command)c;
            if (row->brief != NULL) {
                CHECK(options_find(command, row->brief) == row);
            }
            if (row->full != NULL) {
                CHECK(options_find(command, row->full) == row);
            }
        }
    }
}

static void each_command_has_its_own(void)
{
    CHECK(options_find(ARGUMENTS_PUB, "-C") == NULL);
    CHECK(options_find(ARGUMENTS_SUB, "-C") != NULL);
    CHECK(options_find(ARGUMENTS_SUB, "-m") == NULL);
    CHECK(options_find(ARGUMENTS_PUB, "-t") !=
          options_find(ARGUMENTS_SUB, "-t"));
    CHECK(options_find(ARGUMENTS_RR, "-t") ==
          options_find(ARGUMENTS_PUB, "-t"));
    CHECK(options_find(ARGUMENTS_RR, "-e") != NULL);
    CHECK(options_find(ARGUMENTS_PUB, "-e") == NULL);
    CHECK(options_find(ARGUMENTS_SUB, "--nothing") == NULL);
}

int main(void)
{
    RUN(names_are_unique);
    RUN(each_command_has_its_own);
    return check_result();
}
