/* keys_process.c - the program as a whole. See keys.h. */
#include "broker/conffile.h"
#include "broker/keys_row.h"

static key_call call_include, call_umask;

const struct key keys_process[] = {
    FIXED_NUMBER("threads", AT(threads), 0, 64, "0",
                 "threads that serve clients; 0: one for each processor"),
    NUMBER("sys_interval", AT(options.sys_interval_s), 0, 65535, "10",
           "seconds between updates of $SYS; 0: no $SYS"),
    FIXED_PATH("pid_file", AT(pid_file),
               "file to write the process's number to"),
    FIXED_TEXT("user", AT(user), 63, "",
               "whom to work as when root starts it, after opening ports; "
               "without it \"mogi\", if there is such a user",
               FORM("NAME")),
    ROW("umask", KEY_CALL, "that of its start, and nothing for others",
        "octal: rights that files and sockets made by the broker do not get; "
        "0007 lets a group connect to Unix sockets",
        FORM("OCTAL"), AT(umask), .call = call_umask),
    CALL("include_dir", call_include, "",
         "read all files of this folder that end in .conf", FORM("FOLDER")),
    FIXED_BOOL("persistence", AT(options.persistence), "false",
               "keep sessions, their messages and retained messages on disk"),
    FIXED_TEXT("persistence_location", AT(persistence_location),
               CONFIG_TEXT_MAX - 1, ".",
               "folder to keep them in, in a folder \"mogi\" in it",
               FORM("FOLDER")),
    FIXED_NUMBER(
        "persistence_quota", AT(persistence_quota), 0, UINT64_MAX, "0",
        "bytes to take of the disk, 64 MiB at least; from then on QoS 1 "
        "and 2 messages are refused (0x97) until clients have taken "
        "what waits for them; 0: what there is"),
    FIXED_BOOL("persistence_recover", AT(persistence_recover), "false",
               "start although something on disk is broken: leave it out and "
               "log what is lost"),
    FIXED_WORD("durability", AT(durability), "always everysec never", "always",
               "always: nothing is acknowledged before it is on disk; "
               "everysec: a power cut may cost the last second; never: it may "
               "cost more; none loses anything when only the program is "
               "killed"),
    FIXED_PATH("config_file", AT(file), "this file"),
    END,
};

static void call_umask(const struct setting *setting)
{
    uint32_t mask = 0;
    const char *at = setting->value;
    for (; *at >= '0' && *at <= '7' && mask <= 0777; at++)
        mask = mask * 8 + (uint32_t)(*at - '0');
    if (*at != '\0' || mask > 0777) {
        setting_error(setting, "umask is octal, 0 to 0777, not '%s'",
                      setting->value);
        return;
    }
    setting->config->umask = mask;
}

static void call_include(const struct setting *setting)
{
    conffile_read_all(setting->config, setting->value, setting->place,
                      setting->reports);
}
