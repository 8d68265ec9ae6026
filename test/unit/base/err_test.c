#include "base/err.h"
#include "check.h"

static void columns_agree_with_the_list(void)
{
    CHECK_EQ(OK, 0);
    CHECK_STR(err_name(OK), "OK");
    CHECK_STR(err_name(ERR_MALFORMED), "ERR_MALFORMED");
    CHECK_STR(err_text(ERR_TAKEN_OVER), "session taken over");
    CHECK_EQ(err_code(OK), 0x00);
    CHECK_EQ(err_code(ERR_MALFORMED), 0x81);
    CHECK_EQ(err_code(ERR_NO_WILDCARD), 0xa2);
#define X(name, code, text)                                                    \
    CHECK_EQ(err_code(name), code);                                            \
    CHECK_STR(err_name(name), #name);                                          \
    CHECK_STR(err_text(name), text);
    ERR_LIST(X)
#undef X
}

int main(void)
{
    RUN(columns_agree_with_the_list);
    return check_result();
}
