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

/* Copy the store in `folder` to a location of its own. */
static int backup(const char *folder, const char *copy)
{
    char to[STORAGE_PATH_MAX], why[WAL_TEXT_MAX];
    struct inspect_report report;
    storage_folder(copy, to);
    enum err e = files_folder(copy);
    if (e != OK) {
        (void)fprintf(stderr, "mogi: %s cannot be made: %s\n", copy,
                      strerror(errno));
        return 1;
    }
    e = backup_folder(folder, to, &report, why);
    if (e != OK) {
        (void)fprintf(stderr, "mogi: %s\n", why);
        return 1;
    }
    (void)printf("%llu records, all whole, in %s; to use them: "
                 "persistence_location %s\n",
                 (unsigned long long)report.records, to, copy);
    return 0;
}

/* Into the store of a persistence_location, made if it is not there. */
static int import_main(const char *file, const char *location)
{
    char folder[STORAGE_PATH_MAX];
    if (strlen(location) >= CONFIG_TEXT_MAX) return usage(stderr, 2);
    storage_folder(location, folder);
    /* What is wrong with it, the store will say. */
    (void)!files_folder(location);
    return import_mosquitto(file, folder);
}

int db_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) return usage(stdout, 0);
    if (argc == 4 && strcmp(argv[1], "backup") == 0 &&
        strlen(argv[2]) < CONFIG_TEXT_MAX &&
        strlen(argv[3]) < CONFIG_TEXT_MAX) {
        char from[STORAGE_PATH_MAX];
        folder_find(argv[2], from);
        return backup(from, argv[3]);
    }
    if (argc == 4 && strcmp(argv[1], "import") == 0) {
        return import_main(argv[2], argv[3]);
    }
    if (argc != 3) return usage(stderr, 2);
    bool check = strcmp(argv[1], "check") == 0;
    bool stats = strcmp(argv[1], "stats") == 0;
    bool all = strcmp(argv[1], "dump") == 0;
    if (!check && !stats && !all) return usage(stderr, 2);
    if (strlen(argv[2]) >= CONFIG_TEXT_MAX) return usage(stderr, 2);
    char folder[STORAGE_PATH_MAX], why[WAL_TEXT_MAX];
    folder_find(argv[2], folder);
    struct dump dump = {.to = all ? stdout : NULL};
    struct inspect_report report;
    enum err e = inspect_folder(folder, on_record, &dump, &report, why);
    if (e != OK) {
        (void)fprintf(stderr, "mogi: %s\n", why);
        return 1;
    }
    if (stats) stats_print(&dump, &report);
    if (dump.unknown > 0) {
        (void)fprintf(stderr, "mogi: %llu records cannot be read\n",
                      (unsigned long long)dump.unknown);
        return 1;
    }
    if (check)
        (void)printf("%llu records, all whole\n",
                     (unsigned long long)report.records);
    return 0;
}
