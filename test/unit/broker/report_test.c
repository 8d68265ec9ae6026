/* report_test.c - lines are kept in order, and only so many. */
#include "broker/report.h"
#include "check.h"

static void lines_are_kept_up_to_a_limit(void)
{
    struct report report = {0};
    for (int i = 0; i < REPORT_LINES_MAX + 3; i++) {
        report_add(&report, "line %d", i);
    }
    CHECK_EQ(report.count, REPORT_LINES_MAX);
    CHECK_EQ(report.lost, 3);
    CHECK_STR(report.lines[0], "line 0");
    CHECK_STR(report.lines[REPORT_LINES_MAX - 1], "line 99");
    report_fini(&report);
    CHECK_EQ(report.count, 0);
    report_fini(&report);
}

static void long_lines_are_cut(void)
{
    struct report report = {0};
    char text[2 * REPORT_LINE_BYTES_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    report_add(&report, "%s", text);
    REQUIRE(report.count == 1);
    CHECK_EQ(strlen(report.lines[0]), REPORT_LINE_BYTES_MAX - 1);
    report_fini(&report);
}

int main(void)
{
    RUN(lines_are_kept_up_to_a_limit);
    RUN(long_lines_are_cut);
    return check_result();
}
