/* db.c - `mogi db`: what is stored, checked, counted or printed as JSON lines.
 *
 *     {"kind":"session","client":"a","protocol":5,"home":1,"expiry_s":3600,...}
 *     {"kind":"subscription","client":"a","filter":"x/#","qos":1,...}
 *     {"kind":"retained","topic":"t","qos":1,"size":5,"payload":"hello"}
 *
 * A payload that is no UTF-8 is printed as "payload_hex".
 */
#include "broker/storage.h"
#include "cli/commands.h"
#include "cli/import.h"
#include "cli/json.h"
#include "core/record.h"
#include "store/backup.h"
#include "wire/utf8.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_text(FILE *to, const char *name, struct bytes text)
{
    (void)fprintf(to, ",\"%s\":", name);
    json_print_string(to, text);
}

static void print_number(FILE *to, const char *name, uint64_t number)
{
    (void)fprintf(to, ",\"%s\":%llu", name, (unsigned long long)number);
}

static void print_payload(FILE *to, struct bytes payload)
{
    print_number(to, "size", payload.size);
    if (utf8_payload_valid(payload)) {
        print_text(to, "payload", payload);
        return;
    }
    (void)fprintf(to, ",\"payload_hex\":\"");
    for (size_t i = 0; i < payload.size; i++)
        (void)fprintf(to, "%02x", payload.data[i]);
    (void)fputc('"', to);
}

static void print_message(FILE *to, const struct message *m)
{
    print_text(to, "topic", m->topic);
    print_number(to, "qos", m->qos);
    print_number(to, "retain", m->retain);
    print_number(to, "stamp", m->stamp);
    print_number(to, "expires_ms", m->expires_ms);
    print_payload(to, m->payload);
}

static enum err print_session(FILE *to, struct bytes value)
{
    struct record_session r;
    enum err e = record_session_read(value, &r);
    if (e != OK) return e;
    print_text(to, "id", r.id);
    print_number(to, "protocol", r.protocol);
    print_number(to, "home", r.home);
    print_number(to, "expiry_s", r.expiry_s);
    print_number(to, "ends_ms", r.ends_ms);
    return OK;
}

static enum err print_subscription(FILE *to, struct bytes value)
{
    struct record_subscription r;
    enum err e = record_subscription_read(value, &r);
    if (e != OK) return e;
    print_text(to, "filter", r.text);
    print_number(to, "qos", r.options.qos);
    return OK;
}

static enum err print_delivery(FILE *to, struct bytes value)
{
    struct record_delivery r;
    enum err e = record_delivery_read(value, &r);
    if (e != OK) return e;
    print_number(to, "stamp", r.stamp);
    print_number(to, "bytes", r.size);
    if (r.expires_ms != 0) print_number(to, "expires_ms", r.expires_ms);
    print_number(to, "packet_id", r.packet_id);
    print_number(to, "qos", r.qos);
    print_number(to, "state", r.state);
    return OK;
}

static enum err print_will(FILE *to, struct bytes value)
{
    struct record_will r;
    struct message m;
    enum err e = record_will_read(value, &r, &m);
    if (e != OK) return e;
    print_number(to, "delay_s", r.delay_s);
    print_number(to, "due_ms", r.due_ms);
    print_message(to, &m);
    return OK;
}

static enum err print_stored(FILE *to, struct bytes value)
{
    struct message m;
    enum err e = record_message_read(value, &m);
    if (e == OK) print_message(to, &m);
    return e;
}

/* The key says all of it. */
static enum err print_nothing(FILE *to, struct bytes value)
{
    (void)to;
    (void)value;
    return OK;
}

/* How each kind of record is called, and what prints its value. */
static const struct {
    const char *name;
    enum err (*print)(FILE *to, struct bytes value);
} kinds[] = {
    [RECORD_SESSION] = {"session", print_session},
    [RECORD_DELIVERY] = {"delivery", print_delivery},
    [RECORD_HANDOVER] = {"handover", print_delivery},
    [RECORD_MEMBERSHIP] = {"shared_subscription", print_subscription},
    [RECORD_RECEIVED] = {"received", print_nothing},
    [RECORD_SUBSCRIPTION] = {"subscription", print_subscription},
    [RECORD_WILL] = {"will", print_will},
    [RECORD_MESSAGE] = {"message", print_stored},
    [RECORD_MESSAGE_OLD] = {"message_of_old", print_stored},
    [RECORD_HEARD] = {"heard", print_nothing},
    [RECORD_RETAINED] = {"retained", print_stored},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

struct dump {
    FILE *to; /* NULL: only count */
    uint64_t counts[KINDS];
    uint64_t unknown;
};

static void on_record(void *context, struct bytes key, struct bytes value)
{
    struct dump *dump = context;
    struct record_key parts;
    if (record_key_read(key, &parts) != OK) {
        dump->unknown += 1;
        return;
    }
    assert((size_t)parts.kind < KINDS);
    assert(kinds[parts.kind].name != NULL);
    dump->counts[parts.kind] += 1;
    FILE *to = dump->to;
    if (to == NULL) return;
    (void)fprintf(to, "{\"kind\":\"%s\"", kinds[parts.kind].name);
    if (parts.client.size > 0) print_text(to, "client", parts.client);
    if (parts.number > 0) print_number(to, "number", parts.number);
    if (kinds[parts.kind].print(to, value) != OK) {
        (void)fprintf(to, ",\"unreadable\":true");
        dump->unknown += 1;
    }
    (void)fprintf(to, "}\n");
}

static void stats_print(const struct dump *dump,
                        const struct inspect_report *report)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].name == NULL) continue;
        (void)printf("{\"kind\":\"%s\",\"count\":%llu}\n", kinds[i].name,
                     (unsigned long long)dump->counts[i]);
    }
    (void)printf(
        "{\"records\":%llu,\"in_base\":%llu,\"base_bytes\":%llu,"
        "\"segments\":%llu,\"batches\":%llu,\"changes\":%llu,"
        "\"torn\":%s}\n",
        (unsigned long long)report->records, (unsigned long long)report->base,
        (unsigned long long)report->bytes, (unsigned long long)report->segments,
        (unsigned long long)report->frames, (unsigned long long)report->changes,
        report->torn ? "true" : "false");
}

/* The folder itself, or that in a persistence_location. */
static void folder_find(const char *given, char folder[STORAGE_PATH_MAX])
{
    char inner[STORAGE_PATH_MAX], base[STORAGE_PATH_MAX + 16];
    storage_folder(given, inner);
    (void)snprintf(base, sizeof base, "%s/base.mdb", inner);
    if (access(base, F_OK) == 0) {
        (void)snprintf(folder, STORAGE_PATH_MAX, "%s", inner);
    } else {
        (void)snprintf(folder, STORAGE_PATH_MAX, "%s", given);
    }
}

static int usage(FILE *to, int status)
{
    (void)fprintf(
        to, "Usage: mogi db check|stats|dump FOLDER\n"
            "       mogi db backup FOLDER COPY\n"
            "       mogi db import MOSQUITTO.DB FOLDER\n\n"
            "  check     is all that is stored whole?\n"
            "  stats     how much there is, as JSON lines\n"
            "  dump      all of it, as JSON lines\n"
            "  backup    copy it to COPY, which is new or empty, and read "
            "it back\n"
            "  import    take over what Mosquitto has kept; FOLDER is empty "
            "or new\n\n"
            "FOLDER is the persistence_location of a broker, which may "
            "run during backup and not\notherwise. But for import nothing "
            "in it is changed. COPY can be the\npersistence_location of "
            "another broker. The exit status is 1 when something is broken.\n");
    return status;
}

/* Read all that is stored at `location` into `dump`; false, after a word about
 * it: it cannot be. */
static bool location_read(const char *location, struct dump *dump,
                          struct inspect_report *report)
{
    char folder[STORAGE_PATH_MAX], why[WAL_TEXT_MAX];
    folder_find(location, folder);
    if (inspect_folder(folder, on_record, dump, report, why) == OK) return true;
    (void)fprintf(stderr, "mogi: %s\n", why);
    return false;
}

/* The exit status: was every record one that is known? */
static int dump_judge(const struct dump *dump)
{
    if (dump->unknown == 0) return 0;
    (void)fprintf(stderr, "mogi: %llu records cannot be read\n",
                  (unsigned long long)dump->unknown);
    return 1;
}

static int db_check(char **words)
{
    struct dump dump = {.to = NULL};
    struct inspect_report report;
    if (!location_read(words[0], &dump, &report)) return 1;
    int status = dump_judge(&dump);
    if (status == 0) {
        (void)printf("%llu records, all whole\n",
                     (unsigned long long)report.records);
    }
    return status;
}

static int db_stats(char **words)
{
    struct dump dump = {.to = NULL};
    struct inspect_report report;
    if (!location_read(words[0], &dump, &report)) return 1;
    stats_print(&dump, &report);
    return dump_judge(&dump);
}

static int db_dump(char **words)
{
    struct dump dump = {.to = stdout};
    struct inspect_report report;
    if (!location_read(words[0], &dump, &report)) return 1;
    return dump_judge(&dump);
}

/* Copy the store to a location of its own. */
static int db_backup(char **words)
{
    const char *copy = words[1];
    char from[STORAGE_PATH_MAX], to[STORAGE_PATH_MAX], why[WAL_TEXT_MAX];
    struct inspect_report report;
    folder_find(words[0], from);
    storage_folder(copy, to);
    if (files_folder(copy) != OK) {
        (void)fprintf(stderr, "mogi: %s cannot be made: %s\n", copy,
                      strerror(errno));
        return 1;
    }
    if (backup_folder(from, to, &report, why) != OK) {
        (void)fprintf(stderr, "mogi: %s\n", why);
        return 1;
    }
    (void)printf("%llu records, all whole, in %s; to use them: "
                 "persistence_location %s\n",
                 (unsigned long long)report.records, to, copy);
    return 0;
}

/* Into the store of a persistence_location, made if it is not there. */
static int db_import(char **words)
{
    char folder[STORAGE_PATH_MAX];
    storage_folder(words[1], folder);
    /* What is wrong with it, the store will say. */
    (void)!files_folder(words[1]);
    return import_mosquitto(words[0], folder);
}

/* What can be done, and how many files and folders it takes. */
static const struct {
    const char *name;
    int word_count;
    int (*run)(char **words);
} tasks[] = {
    {"check", 1, db_check},   {"stats", 1, db_stats},   {"dump", 1, db_dump},
    {"backup", 2, db_backup}, {"import", 2, db_import},
};

int db_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) return usage(stdout, 0);
    for (int i = 2; i < argc; i++) {
        if (strlen(argv[i]) >= CONFIG_TEXT_MAX) return usage(stderr, 2);
    }
    for (size_t i = 0; argc > 1 && i < sizeof tasks / sizeof *tasks; i++) {
        if (strcmp(argv[1], tasks[i].name) != 0) continue;
        if (argc != tasks[i].word_count + 2) break;
        return tasks[i].run(argv + 2);
    }
    return usage(stderr, 2);
}
