/* fault_test.c - what is said, in front of it, and what is cut. */
#include "auth/fault.h"
#include "check.h"

static void something_is_said(void)
{
    struct fault fault = {{0}};
    enum err e = fault_set(&fault, ERR_CONFIG, "line %u is %s", 3, "odd");
    CHECK_EQ(e, ERR_CONFIG);
    CHECK_STR(fault.text, "line 3 is odd");
    fault_prefix(&fault, "%s", "/etc/x");
    CHECK_STR(fault.text, "/etc/x: line 3 is odd");
}

static void long_text_is_cut(void)
{
    char text[2 * FAULT_TEXT_MAX];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    struct fault fault;
    CHECK_EQ(fault_set(&fault, ERR_IO, "%s", text), ERR_IO);
    CHECK_EQ(strlen(fault.text), FAULT_TEXT_MAX - 1);
    fault_prefix(&fault, "a");
    CHECK_EQ(strlen(fault.text), FAULT_TEXT_MAX - 1);
    CHECK(strncmp(fault.text, "a: xxx", 6) == 0);
    fault_prefix(&fault, "%s", text);
    CHECK_EQ(strlen(fault.text), FAULT_TEXT_MAX - 1);
    CHECK(strcmp(fault.text + FAULT_TEXT_MAX - 4, "x: ") == 0);
}

int main(void)
{
    RUN(something_is_said);
    RUN(long_text_is_cut);
    return check_result();
}
