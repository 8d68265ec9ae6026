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
         "error, warning, notice, information, debug, all or none",
         FORM("TYPE")),
    FIXED_WORD("log_format", AT(log_format), "text json", "text",
               "text, or json: an object on each line"),
    FIXED_BOOL("log_timestamp", AT(log_timestamp), "true",
               "lines begin with time"),
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

/* Mosquitto adds types up; here the least important of them is the level. */
static void call_log_type(const struct setting *setting)
{
    struct config *config = setting->config;
    const char *value = setting->value;
    static const enum log_level levels[] = {
        LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO,
        LEVEL_DEBUG, LEVEL_DEBUG,   LEVEL_DEBUG,  LEVEL_DEBUG,
        LEVEL_DEBUG, LEVEL_DEBUG,   LEVEL_ERROR};
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
    enum log_level level = levels[index];
    bool first = setting->place->rank > config->log_type_rank;
    config->log_type_rank = setting->place->rank;
    if (strcmp(value, "none") == 0) config->log_none = true;
    if (first || level > config->log_level) config->log_level = level;
}
