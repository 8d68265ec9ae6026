/* keys_log.c - where the log goes, and what it says. See keys.h. */
#include "broker/keys_row.h"
#include "broker/value.h"

#include <stdio.h>
#include <string.h>

static key_call call_log_dest, call_log_type;

const struct key keys_log[] = {
    CALL("log_dest", call_log_dest, "stderr",
         "stderr, stdout, syslog, \"file PATH\" or none; several add up",
         FORM("DESTINATION")),
    CALL("log_type", call_log_type, "information",
         "error, warning, notice, information, debug, all or none; several "
         "add up",
         FORM("TYPE")),
    FIXED_WORD("log_format", AT(log_format), "text json", "text",
               "text, or json: an object on each line"),
    FIXED_BOOL("log_timestamp", AT(log_timestamp), "true",
               "lines begin with time"),
    FIXED_TEXT("log_timestamp_format", AT(log_time_format), 63, "",
               "the time as strftime(3) writes it, local, as "
               "%Y-%m-%dT%H:%M:%S; without, ISO 8601 in UTC",
               FORM("FORMAT")),
    FIXED_WORD("log_facility", AT(log_facility), "0 1 2 3 4 5 6 7 daemon",
               "daemon", "for syslog: 0 to 7 are local0 to local7"),
    FIXED_BOOL("connection_messages", AT(connection_messages), "true",
               "log who comes and goes"),
    END,
};

static void call_log_dest(const struct setting *setting)
{
    struct config *config = setting->config;
    const char *value = setting->value;
    if (setting->place->rank > config->log_dest_rank) {
        config->log_stderr = config->log_stdout = false;
        config->log_syslog = config->log_none = false;
        config->log_file[0] = '\0';
    }
    config->log_dest_rank = setting->place->rank;
    if (strcmp(value, "stderr") == 0) {
        config->log_stderr = true;
    } else if (strcmp(value, "stdout") == 0) {
        config->log_stdout = true;
    } else if (strcmp(value, "syslog") == 0) {
        config->log_syslog = true;
    } else if (strcmp(value, "none") == 0) {
        config->log_none = true;
    } else if (strncmp(value, "file ", 5) == 0 && value[5] != '\0' &&
               strlen(value) - 5 < sizeof config->log_file) {
        (void)snprintf(config->log_file, sizeof config->log_file, "%s",
                       value + 5);
    } else if (strcmp(value, "topic") == 0 || strcmp(value, "dlt") == 0) {
        setting_note(setting,
                     "log_dest %s is not in this version, and left out", value);
    } else {
        setting_error(
            setting,
            "log_dest is stderr, stdout, syslog, none or \"file PATH\","
            " not '%s'",
            value);
    }
}

/* Types add up. What Mosquitto tells apart below them is all debugging here. */
static void call_log_type(const struct setting *setting)
{
    struct config *config = setting->config;
    const char *value = setting->value;
    static const unsigned sets[] = {LOG_ONLY(LEVEL_ERROR),
                                    LOG_ONLY(LEVEL_WARNING),
                                    LOG_ONLY(LEVEL_NOTICE),
                                    LOG_ONLY(LEVEL_INFO),
                                    LOG_ONLY(LEVEL_DEBUG),
                                    LOG_UP_TO(LEVEL_DEBUG),
                                    LOG_ONLY(LEVEL_DEBUG),
                                    LOG_ONLY(LEVEL_DEBUG),
                                    LOG_ONLY(LEVEL_DEBUG),
                                    LOG_ONLY(LEVEL_DEBUG),
                                    0};
    uint64_t index;
    if (value_word(value,
                   "error warning notice information debug all subscribe "
                   "unsubscribe websockets internal none",
                   &index) != NULL) {
        setting_error(setting,
                      "log_type is error, warning, notice, information, debug, "
                      "all or none, not '%s'",
                      value);
        return;
    }
    bool first = setting->place->rank > config->log_type_rank;
    config->log_type_rank = setting->place->rank;
    if (first) config->log_levels = 0;
    config->log_levels |= sets[index];
}
