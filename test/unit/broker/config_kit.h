/* config_kit.h - set keys and look at what came of it. */
#ifndef MOGI_TEST_CONFIG_KIT_H
#define MOGI_TEST_CONFIG_KIT_H

#include "broker/config.h"
#include "check.h"

static struct config config;
static struct config_reports reports;

/* Defaults, and no messages. */
static void begin(void)
{
    report_fini(&reports.errors);
    report_fini(&reports.notes);
    config_init(&config);
}

/* `key` with `value`, as line 1 of a file, or from elsewhere. */
static void set_at(enum config_rank rank, const char *key, const char *value)
{
    struct config_place place = {rank, "test", rank == RANK_FILE, 0};
    config_set(&config, key, value, &place, &reports);
}

static inline void set(const char *key, const char *value)
{
    set_at(RANK_FILE, key, value);
}

/* The only error holds `want`; then it is forgotten. */
static inline void check_error(const char *want)
{
    REQUIRE(reports.errors.count == 1);
    if (!CHECK(strstr(reports.errors.lines[0], want) != NULL)) {
        fprintf(stderr, "    %s\n", reports.errors.lines[0]);
    }
    report_fini(&reports.errors);
}

#endif
