/* settings_test.c - settings live as long as somebody goes by them. */
#include "broker/settings.h"
#include "check.h"

static void references_are_counted(void)
{
    struct options options;
    options_init(&options);
    options.max_qos = 1;
    struct settings *settings = settings_new(&options, 9);
    CHECK(settings_ref(settings) == settings);
    settings_unref(settings);
    CHECK_EQ(settings->options.max_qos, 1);
    CHECK_EQ(settings->max_connections, 9);
    settings_unref(settings);
    settings_unref(NULL);
}

int main(void)
{
    RUN(references_are_counted);
    return check_result();
}
