/* conffile_test.c - files and folders of them. */
#include "broker/conffile.h"
#include "config_kit.h"

#include <sys/stat.h>

static char folder[64];

static const char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Read a file of these bytes. */
static void read_bytes(const char *bytes, size_t size)
{
    begin();
    const char *path = path_of("x.conf");
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    CHECK_EQ(fwrite(bytes, 1, size, file), size);
    fclose(file);
    struct config_place place = {RANK_FILE, path, 0, 0};
    conffile_read(&config, &place, &reports);
}

static void read_text(const char *text)
{
    read_bytes(text, strlen(text));
}

static void lines_are_keys(void)
{
    read_text("# max_qos 9\n\n  max_keepalive\t 7 \r\nthreads 3");
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(config.options.max_keepalive, 7);
    CHECK_EQ(config.threads, 3);
}

/* What editors of Windows put in front means nothing, there alone. */
static void a_mark_of_utf8_is_skipped(void)
{
    read_text("\xef\xbb\xbfthreads 3\n");
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(config.threads, 3);
    read_text("\xef\xbb\xbf# comment\n");
    CHECK_EQ(reports.errors.count, 0);
    read_text("\n\xef\xbb\xbfthreads 3\n");
    check_error("x.conf:2: unknown option");
}

/* Half of a line would be another line. */
static void what_is_no_text_is_refused(void)
{
    static const char utf16[] = "\xff\xfet\0h\0r\0e\0a\0d\0s\0 \0003\0\n";
    read_bytes(utf16, sizeof utf16);
    check_error("x.conf:1: this is no text: is it UTF-16?");
    char big[CONFIG_LINE_BYTES_MAX + 10] = "threads 3 ";
    memset(big + 10, ' ', sizeof big - 10);
    read_bytes(big, sizeof big);
    check_error("x.conf:1: the line is too long");
}

static void file_write(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    REQUIRE(file != NULL);
    fputs(text, file);
    fclose(file);
}

static void folder_read(unsigned depth)
{
    begin();
    char path[128];
    struct config_place place = {RANK_FILE, "main.conf", 4, depth};
    (void)snprintf(path, sizeof path, "%s", path_of("d"));
    conffile_read_all(&config, path, &place, &reports);
}

/* The last one of "00", "A", "a", "B", "b" wins. */
static void folders_are_read_in_order(void)
{
    REQUIRE(mkdir(path_of("d"), 0700) == 0);
    file_write("d/b.conf", "max_keepalive 5\n");
    file_write("d/B.conf", "max_keepalive 4\nmax_queued_messages 4\n");
    file_write("d/a.conf", "max_queued_messages 3\nmax_inflight_messages 3\n");
    file_write("d/A.conf", "max_inflight_messages 2\nsys_interval 2\n");
    file_write("d/00.conf", "sys_interval 1\nthreads 1\n");
    file_write("d/.z.conf", "threads 9\n");
    file_write("d/z.txt", "threads 9\n");
    folder_read(0);
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(config.options.max_keepalive, 5);
    CHECK_EQ(config.options.max_queued_messages, 4);
    CHECK_EQ(config.options.max_inflight_messages, 3);
    CHECK_EQ(config.options.sys_interval_s, 2);
    CHECK_EQ(config.threads, 1);
    file_write("d/b.conf", "bad 1\n");
    folder_read(0);
    check_error("/d/b.conf:1: unknown option 'bad'");
    folder_read(CONFIG_INCLUDE_DEPTH_MAX);
    check_error("main.conf:4: folders include one another");
}

int main(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/mogi-conffile-XXXXXX");
    REQUIRE(mkdtemp(folder) != NULL);
    RUN(lines_are_keys);
    RUN(a_mark_of_utf8_is_skipped);
    RUN(what_is_no_text_is_refused);
    RUN(folders_are_read_in_order);
    begin();
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK_EQ(system(command), 0);
    return check_result();
}
