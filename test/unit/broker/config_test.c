/* config_test.c - the file, the environment, the command line, and what is
 * said about mistakes in each. */
#include "broker/config.h"
#include "check.h"

static char folder[64];
static struct config config;
static struct config_reports reports;

static char *file_write(const char *name, const char *text)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    fputs(text, file);
    fclose(file);
    return path;
}

static enum err load(char **arguments, size_t count)
{
    report_fini(&reports.errors);
    report_fini(&reports.notes);
    return config_load(&config, arguments, count, &reports);
}

static enum err load_text(const char *text)
{
    char option[] = "-c";
    char *arguments[] = {option, file_write("mogi.conf", text)};
    return load(arguments, 2);
}

/* Error `index` ends with `want`. */
static void check_error(size_t index, const char *want)
{
    REQUIRE(index < reports.errors.count);
    const char *line = reports.errors.lines[index];
    size_t size = strlen(line), want_size = strlen(want);
    if (size > want_size) line += size - want_size;
    CHECK_STR(line, want);
}

static void file_is_read(void)
{
    CHECK_EQ(load_text("# comment\n\nlistener 1884\nsocket_domain ipv4\n"
                       "listener 0 /tmp/sock\n  max_qos   1  \r\n"
                       "max_connections -1\nqueue_overflow oldest\n"
                       "persistent_client_expiration 2w\nlog_type debug\n"
                       "auto_id_prefix x-\nmax_inflight_messages 7\n"
                       "log_dest file /tmp/a b\nthreads 3"),
             OK);
    REQUIRE(config.listener_count == 2);
    CHECK_EQ(config.listeners[0].port, 1884);
    CHECK_STR(config.listeners[0].host, "");
    CHECK_EQ(config.listeners[0].family, ADDRESS_IPV4);
    CHECK_STR(config.listeners[1].host, "/tmp/sock");
    CHECK_EQ(config.listeners[0].max_qos, 2);
    CHECK_EQ(config.listeners[1].max_qos, 1);
    CHECK_EQ(config.max_connections, 0);
    CHECK_EQ(config.options.queue_overflow, OVERFLOW_OLDEST);
    CHECK_EQ(config.options.persistent_client_expiration_s, 1209600);
    CHECK_EQ(config.log_levels, LOG_ONLY(LEVEL_DEBUG));
    CHECK_STR(config.common.entry.auto_id_prefix, "x-");
    CHECK_EQ(config.options.receive_maximum, 7);
    CHECK_STR(config.log_file, "/tmp/a b");
    CHECK(!config.log_stderr);
    CHECK_EQ(config.threads, 3);
}

static void mistakes_are_all_named(void)
{
    CHECK_EQ(load_text("max_qso 1\nmax_qos 3\nretain_available perhaps\n"
                       "tls_engine x\nport\nlistener x\nsocket_domain ipv9\n"
                       "queue_overflow none\nmax_packet_size 5\n"
                       "autosave_interval 5\npid_file\n"),
             ERR_CONFIG);
    CHECK_EQ(reports.errors.count, 10);
    check_error(0, "/mogi.conf:1: unknown option 'max_qso'; did you mean "
                   "'max_qos'?");
    check_error(1, "/mogi.conf:2: max_qos is 0 to 2, not 3");
    check_error(2, ":3: retain_available is \"true\" or \"false\", not "
                   "'perhaps'");
    check_error(3, ":4: tls_engine: engines, which OpenSSL 3 gives up, are "
                   "not used; put the key into a file, and remove the line");
    check_error(4, ":5: port needs a value; `mogi broker --help` says which");
    check_error(5, ":6: listener begins with a port, 0 to 65535, not 'x'");
    check_error(6, ":7: socket_domain is ipv4 or ipv6, not 'ipv9'");
    check_error(7, ":8: queue_overflow is one of: newest oldest, not 'none'");
    check_error(8,
                ":11: pid_file needs a value; `mogi broker --help` says which");
    check_error(9, "max_packet_size is at least 20, or 0, not 5");
    CHECK_EQ(reports.notes.count, 1);
    CHECK(!config.options.persistence);
}

static void command_line_wins_over_environment_over_file(void)
{
    char *file = file_write("mogi.conf", "max_qos 0\nmax_topic_alias 1\n"
                                         "sys_interval 1\nlistener 5\n");
    char c[] = "-c", equal[] = "--max_qos=2", p[] = "-p", port[] = "1899";
    char *arguments[] = {c, file, equal, p, port};
    setenv("MOGI_MAX_QOS", "1", 1);
    setenv("MOGI_MAX_TOPIC_ALIAS", "2", 1);
    CHECK_EQ(load(arguments, 5), OK);
    unsetenv("MOGI_MAX_QOS");
    unsetenv("MOGI_MAX_TOPIC_ALIAS");
    CHECK_EQ(config.common.max_qos, 2);
    CHECK_EQ(config.common.max_topic_alias, 2);
    CHECK_EQ(config.options.sys_interval_s, 1);
    CHECK_EQ(config.listener_count, 1);
    CHECK_EQ(config.listeners[0].port, 1899);
    CHECK(!config.port_open);
}

static void arguments_come_in_every_form(void)
{
    char a[] = "--max-qos", b[] = "1", c[] = "-v", d[] = "--test-config",
         e[] = "--log_dest", f[] = "stdout", g[] = "--log_dest=syslog";
    char *arguments[] = {a, b, c, d, e, f, g};
    CHECK_EQ(load(arguments, 7), OK);
    CHECK_EQ(config.common.max_qos, 1);
    CHECK_EQ(config.log_levels, LOG_UP_TO(LEVEL_DEBUG));
    CHECK(config.test && config.verbose && !config.help);
    CHECK(config.log_stdout && config.log_syslog && !config.log_stderr);
    char bad[] = "--nope", stray[] = "stray", last[] = "--max_qos";
    char *wrong[] = {bad, b, stray, last};
    CHECK_EQ(load(wrong, 4), ERR_CONFIG);
    CHECK_EQ(reports.errors.count, 3);
    check_error(
        0, "--nope: unknown option 'nope'; `mogi broker --help` lists all");
    check_error(1, "unknown argument 'stray'; --help lists what there is");
    check_error(
        2, "--max_qos: max_qos needs a value; `mogi broker --help` says which");
    char bare[] = "-c", *no_file[] = {bare};
    CHECK_EQ(load(no_file, 1), ERR_CONFIG);
    CHECK_EQ(reports.errors.count, 1);
    check_error(
        0, "-c: config_file needs a value; `mogi broker --help` says which");
    char missing[] = "/nowhere/mogi.conf", option[] = "-c";
    char *nowhere[] = {option, missing};
    CHECK_EQ(load(nowhere, 2), ERR_CONFIG);
    check_error(0, "cannot read /nowhere/mogi.conf: No such file or directory");
}

static void nobody_is_let_in_or_kept_out_by_accident(void)
{
    CHECK_EQ(load_text("allow_anonymous true\n"), OK);
    CHECK(config.listeners[0].entry.anonymous == ANONYMOUS_YES);
    CHECK_EQ(load_text("allow_anonymous false\n"), OK);
    CHECK(config.listeners[0].entry.anonymous == ANONYMOUS_NO);
    CHECK_EQ(reports.notes.count, 0);
    CHECK_EQ(load_text("password_file /etc/p\n"), OK);
    CHECK_STR(config.listeners[0].entry.password_file, "/etc/p");
    CHECK_EQ(load_text("protocol websockets\n"), ERR_CONFIG);
}

static void reload_keeps_what_takes_a_restart(void)
{
    CHECK_EQ(load_text("threads 3\nmax_qos 0\n"), OK);
    static struct config now;
    now = config;
    CHECK_EQ(load_text("threads 4\nmax_qos 1\nlistener 1900\n"), OK);
    struct report notes = {0};
    config_keep(&config, &now, &notes);
    CHECK_EQ(config.threads, 3);
    CHECK_EQ(config.common.max_qos, 1);
    CHECK_EQ(notes.count, 2);
    report_fini(&notes);
}

static void log_options_follow(void)
{
    CHECK_EQ(load_text("log_format json\nlog_type error\nlog_type warning\n"
                       "log_timestamp false\n"),
             OK);
    struct log_options log = config_log(&config);
    CHECK(log.json && log.no_time && log.to_stderr && !log.to_syslog);
    CHECK_EQ(log.levels, LOG_UP_TO(LEVEL_WARNING));
    CHECK_EQ(load_text("log_dest none\n"), OK);
    log = config_log(&config);
    CHECK(!log.to_stderr && log.file == NULL);
}

static void memory_is_shared_out(void)
{
    struct config *c = calloc(1, sizeof *c);
    REQUIRE(c != NULL);
    CHECK_EQ(config_memory(c, 4), 0);
    c->memory_limit = 4000;
    CHECK_EQ(config_memory(c, 4), 1000);
    /* Little is not none, and none is no limit. */
    c->memory_limit = 3;
    CHECK_EQ(config_memory(c, 4), 1);
    c->memory_limit = UINT64_MAX;
    CHECK_EQ(config_memory(c, 1), SIZE_MAX);
    free(c);
}

int main(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/mogi-config-XXXXXX");
    REQUIRE(mkdtemp(folder) != NULL);
    RUN(file_is_read);
    RUN(mistakes_are_all_named);
    RUN(command_line_wins_over_environment_over_file);
    RUN(arguments_come_in_every_form);
    RUN(nobody_is_let_in_or_kept_out_by_accident);
    RUN(reload_keeps_what_takes_a_restart);
    RUN(log_options_follow);
    report_fini(&reports.errors);
    report_fini(&reports.notes);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK_EQ(system(command), 0);
    RUN(memory_is_shared_out);
    return check_result();
}
