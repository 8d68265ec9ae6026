#include "broker/seals.h"
#include "tls/lab.h"

#include <time.h>

static struct lab_identity ca, host, other;
static struct config config;
static struct config_reports reports;

static void text_set(char *to, const char *from)
{
    (void)snprintf(to, CONFIG_TEXT_MAX, "%s", from);
}

/* One listener, with `certfile` and `keyfile` if they are not NULL. */
static struct config_listener *listener_set(const char *certfile,
                                            const char *keyfile)
{
    config_init(&config);
    report_fini(&reports.errors);
    report_fini(&reports.notes);
    struct config_listener *listener = config_listener_add(&config);
    listener->port = 8883;
    if (certfile != NULL) {
        listener->tls.certfile.count = 1;
        text_set(listener->tls.certfile.list[0], certfile);
    }
    if (keyfile != NULL) {
        listener->tls.keyfile.count = 1;
        text_set(listener->tls.keyfile.list[0], keyfile);
    }
    return listener;
}

static bool says(const struct report *report, const char *words)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strstr(report->lines[i], words) != NULL) return true;
    }
    for (size_t i = 0; i < report->count; i++)
        fprintf(stderr, "it says: %s\n", report->lines[i]);
    return false;
}

static void plain_listeners_have_none(void)
{
    (void)listener_set(NULL, NULL);
    struct seals *seals = seals_new(&config, NULL, &reports);
    CHECK(seals->list[0] == NULL);
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(seals_until_s(seals, 0), 0);
    CHECK_EQ(seals_stamp(&config), 0);
    CHECK(seals_ref(seals) == seals);
    seals_unref(seals);
    seals_unref(seals);
    seals_unref(NULL);
}

static void certificates_are_read(void)
{
    const char *path = lab_write("host", host.certificate, host.key, NULL);
    (void)listener_set(path, path);
    struct seals *seals = seals_new(&config, NULL, &reports);
    CHECK(seals->list[0] != NULL);
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(reports.notes.count, 0);
    int64_t left_s = seals_until_s(seals, 0) - (int64_t)time(NULL);
    CHECK(left_s > 364 * LAB_DAY_S && left_s <= 365 * LAB_DAY_S);
    seals_unref(seals);
    CHECK_EQ(chmod(path, 0644), 0);
    seals_unref(seals_new(&config, NULL, &reports));
    CHECK(says(&reports.notes, "everybody on this machine can read"));
}

/* With `listener` as it is, nothing can be opened, because of `words`. */
static void fails(const char *words)
{
    struct seals *seals = seals_new(&config, NULL, &reports);
    CHECK(seals->list[0] == NULL);
    CHECK(says(&reports.errors, "listener 8883: "));
    CHECK(says(&reports.errors, words));
    seals_unref(seals);
}

static void mistakes(void)
{
    const char *path = lab_write("host", host.certificate, host.key, NULL);
    (void)listener_set(path, NULL);
    fails("1 certfile and 0 keyfile lines");
    (void)listener_set(path, lab_path("none"));
    fails("cannot read the keyfile");
    (void)listener_set(NULL, path);
    fails("\"keyfile\" is about TLS");
    listener_set(NULL, NULL)->tls.require_certificate = true;
    fails("\"require_certificate\" is about TLS");
    listener_set(NULL, NULL)->tls.use_identity_as_username = true;
    fails("\"use_identity_as_username\" is about TLS");
    struct config_listener *proxied = listener_set(NULL, NULL);
    proxied->proxy_protocol = 2;
    proxied->tls.use_identity_as_username = true;
    proxied->tls.identity_from = 1;
    fails("\"identity_from\" is about TLS");
    proxied = listener_set(NULL, NULL);
    proxied->proxy_protocol = 1;
    proxied->tls.require_certificate = true;
    fails("\"require_certificate\" is about TLS");
    listener_set(path, path)->tls.keyform = 1;
    fails("\"tls_keyform engine\" is not possible");
    struct config_listener *listener = listener_set(path, path);
    listener->tls.use_identity_as_username = true;
    listener->tls.use_subject_as_username = true;
    fails("cannot both be true");
    listener = listener_set(NULL, NULL);
    text_set(listener->tls.psk_hint, "hint");
    fails("takes a \"psk_file\"");
}

static void a_name_takes_a_certificate(void)
{
    const char *path = lab_write("host", host.certificate, host.key, NULL);
    struct config_listener *listener = listener_set(path, path);
    listener->tls.use_identity_as_username = true;
    listener->tls.identity_from = 2;
    fails("cafile");
    listener = listener_set(path, path);
    listener->tls.use_identity_as_username = true;
    listener->tls.identity_from = 2;
    text_set(listener->tls.cafile, lab_write("ca", ca.certificate, NULL, NULL));
    struct seals *seals = seals_new(&config, NULL, &reports);
    REQUIRE(seals->list[0] != NULL);
    CHECK(says(&reports.notes, "each client must show one"));
    CHECK_EQ(server_identity(seals->list[0]), IDENTITY_SAN_EMAIL);
    seals_unref(seals);
}

static void keys_without_certificates(void)
{
    struct config_listener *listener = listener_set(NULL, NULL);
    text_set(listener->tls.psk_hint, "hint");
    text_set(listener->entry.psk_file, lab_write_text("psk", "bob:00ff\n"));
    listener->tls.use_identity_as_username = true;
    struct seals *seals = seals_new(&config, NULL, &reports);
    CHECK(seals->list[0] != NULL);
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(seals_until_s(seals, 0), 0);
    seals_unref(seals);
}

static void what_is_wrong_changes_nothing(void)
{
    char path[LAB_PATH_MAX * 2];
    (void)snprintf(path, sizeof path, "%s",
                   lab_write("host", host.certificate, host.key, NULL));
    (void)listener_set(path, path);
    struct seals *first = seals_new(&config, NULL, &reports);
    uint64_t stamp = seals_stamp(&config);
    CHECK(stamp != 0);
    CHECK_EQ(seals_stamp(&config), stamp);

    (void)lab_write("host", host.certificate, other.key, NULL);
    CHECK(seals_stamp(&config) != stamp);
    struct seals *second = seals_new(&config, first, &reports);
    CHECK(second->list[0] == first->list[0]);
    CHECK(says(&reports.errors, "does not belong to the certfile"));
    CHECK(says(&reports.notes, "its old certificates stay in use"));

    report_fini(&reports.errors);
    (void)lab_write("host", other.certificate, other.key, NULL);
    struct seals *third = seals_new(&config, second, &reports);
    CHECK(third->list[0] != NULL && third->list[0] != first->list[0]);
    CHECK_EQ(reports.errors.count, 0);
    seals_unref(first);
    seals_unref(second);
    seals_unref(third);
}

static void a_reload_neither_begins_nor_ends_tls(void)
{
    const char *path = lab_write("host", host.certificate, host.key, NULL);
    (void)listener_set(path, path);
    struct seals *with = seals_new(&config, NULL, &reports);
    (void)listener_set(NULL, NULL);
    struct seals *without = seals_new(&config, NULL, &reports);
    struct seals *still = seals_new(&config, with, &reports);
    CHECK(still->list[0] == with->list[0]);
    CHECK(says(&reports.notes, "to end TLS takes a restart"));
    (void)listener_set(path, path);
    struct seals *not_yet = seals_new(&config, without, &reports);
    CHECK(not_yet->list[0] == NULL);
    CHECK(says(&reports.notes, "to begin TLS takes a restart"));
    seals_unref(with);
    seals_unref(without);
    seals_unref(still);
    seals_unref(not_yet);
}

/* What is written to the log about a certificate that is valid as wished. */
static void log_shows(const struct lab_wish *wish, bool quiet,
                      const char *words)
{
    struct lab_identity identity = lab_make(wish);
    const char *path =
        lab_write("dated", identity.certificate, identity.key, NULL);
    (void)listener_set(path, path);
    struct seals *seals = seals_new(&config, NULL, &reports);
    struct log_options options = log_defaults();
    options.to_stderr = false;
    options.file = lab_write_text("log", "");
    struct log *log;
    REQUIRE(log_new(&options, &log) == OK);
    seals_log(seals, &config, log, quiet);
    log_free(log);
    char text[2000] = "";
    FILE *file = fopen(lab_path("log"), "r");
    REQUIRE(file != NULL);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    if (words == NULL) {
        CHECK_EQ(size, 0);
    } else if (strstr(text, words) == NULL) {
        fprintf(stderr, "it says: %s\n", text);
        CHECK(false);
    }
    seals_unref(seals);
    lab_free(&identity);
}

static void days_are_told(void)
{
    struct lab_wish wish = {.cn = "x"};
    log_shows(&wish, false,
              "notice: the certificate of port 8883 (CN=x,O=Lab) "
              "is valid for 36");
    log_shows(&wish, true, NULL);
    wish = (struct lab_wish){
        .cn = "x", .from_s = -LAB_DAY_S, .to_s = 10 * LAB_DAY_S + 60};
    log_shows(&wish, true, "expires in 10 days");
    wish = (struct lab_wish){.cn = "x", .from_s = -100, .to_s = -10};
    log_shows(&wish, true, "has expired");
    wish = (struct lab_wish){
        .cn = "x", .from_s = LAB_DAY_S, .to_s = 90 * LAB_DAY_S};
    log_shows(&wish, true, "is not valid yet");
}

int main(void)
{
    ca = lab_make(&(struct lab_wish){.cn = "CA", .is_ca = true});
    host = lab_make(&(struct lab_wish){.cn = "localhost", .issuer = &ca});
    other = lab_make(&(struct lab_wish){.cn = "other", .issuer = &ca});
    RUN(plain_listeners_have_none);
    RUN(certificates_are_read);
    RUN(mistakes);
    RUN(a_name_takes_a_certificate);
    RUN(keys_without_certificates);
    RUN(what_is_wrong_changes_nothing);
    RUN(a_reload_neither_begins_nor_ends_tls);
    RUN(days_are_told);
    report_fini(&reports.errors);
    report_fini(&reports.notes);
    lab_free(&ca);
    lab_free(&host);
    lab_free(&other);
    lab_clear();
    return check_result();
}
