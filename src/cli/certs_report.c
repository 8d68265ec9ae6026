/* certs_report.c - see certs_report.h. */
#include "cli/certs_report.h"

#include <string.h>
#include <time.h>

enum { DAY_S = 24 * 3600, DATE_SIZE = 16, SOON_DAYS = 30, STATE_SIZE = 9 };

static const char *date_of(int64_t seconds, char text[DATE_SIZE])
{
    time_t time = (time_t)seconds;
    struct tm parts;
    /* A time_t of 32 bits ends in 2038. */
    if (time != seconds || gmtime_r(&time, &parts) == NULL ||
        strftime(text, DATE_SIZE, "%Y-%m-%d", &parts) == 0) {
        (void)snprintf(text, DATE_SIZE, "?");
    }
    return text;
}

void certs_report_word(FILE *to, const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_./:@%+=,";
    if (text[0] != '\0' && strspn(text, safe) == strlen(text)) {
        (void)fputs(text, to);
        return;
    }
    (void)fputc('\'', to);
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            (void)fputs("'\\''", to);
        } else {
            (void)fputc(*text, to);
        }
    }
    (void)fputc('\'', to);
}

bool certs_report_conf(char text[CERTS_CONF_SIZE], const char *folder,
                       const struct tls_made *made)
{
    int size = snprintf(text, CERTS_CONF_SIZE,
                        "listener 8883\n"
                        "certfile %s\n"
                        "keyfile %s\n"
                        "cafile %s/ca.crt\n"
                        "crlfile %s/ca.crl\n"
                        "require_certificate true\n"
                        "use_identity_as_username true\n",
                        made->cert, made->key, folder, folder);
    return size > 0 && size < CERTS_CONF_SIZE;
}

/* `text` with each line moved to the right. */
static void indented(FILE *to, const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        (void)fprintf(to, "    %.*s\n", (int)size, text);
        text += size;
        if (*text == '\n') text += 1;
    }
}

void certs_report_server(FILE *to, const struct tls_made *made,
                         const char *const *hosts, size_t count,
                         const char *conf)
{
    char date[DATE_SIZE];
    (void)fprintf(to, "A server certificate, good until %s, for ",
                  date_of(made->until_s, date));
    for (size_t i = 0; i < count; i++)
        (void)fprintf(to, "%s%s", i == 0 ? "" : ", ", hosts[i]);
    (void)fprintf(to, ":\n\n    %s\n    %s   (keep it secret)\n\n", made->cert,
                  made->key);
    (void)fputs("For the broker's configuration (mogi.conf, mosquitto.conf):"
                "\n\n",
                to);
    indented(to, conf);
    (void)fputc('\n', to);
}

static void command_print(FILE *to, const char *program, const char *folder,
                          const struct tls_made *made)
{
    char ca[TLS_PATH_SIZE + 8];
    (void)snprintf(ca, sizeof ca, "%s/ca.crt", folder);
    (void)fprintf(to, "    %s -h localhost -p 8883 --cafile ", program);
    certs_report_word(to, ca);
    (void)fputs(" --cert ", to);
    certs_report_word(to, made->cert);
    (void)fputs(" --key ", to);
    certs_report_word(to, made->key);
    (void)fputs(" -t hello -m world\n", to);
}

void certs_report_client(FILE *to, const char *folder, const char *name,
                         const struct tls_made *made)
{
    char date[DATE_SIZE];
    (void)fprintf(to,
                  "A client certificate for %s, good until %s:\n\n"
                  "    %s\n    %s   (keep it secret)\n\nTo try it:\n\n",
                  name, date_of(made->until_s, date), made->cert, made->key);
    command_print(to, "mogi pub", folder, made);
    command_print(to, "mosquitto_pub", folder, made);
    (void)fputc('\n', to);
}

static const char *state_of(const struct tls_issued *one, int64_t days)
{
    if (one->revoked) return "revoked";
    if (days < 0) return "expired";
    return days < SOON_DAYS ? "soon" : "good";
}

void certs_report_line(FILE *to, const struct tls_issued *one, int64_t now_s)
{
    static const char *const kinds[] = {
        [TLS_FOR_CA] = "ca",
        [TLS_FOR_SERVER] = "server",
        [TLS_FOR_CLIENT] = "client",
    };
    if (one == NULL) {
        (void)fprintf(to, "%-7s %-24s %6s  %-10s  %-7s  %s\n", "KIND", "NAME",
                      "DAYS", "UNTIL", "STATE", "HOSTS");
        return;
    }
    char date[DATE_SIZE];
    int64_t left_s = one->until_s - now_s;
    int64_t days = left_s < 0 ? -1 - (-left_s) / DAY_S : left_s / DAY_S;
    bool hosts = one->hosts[0] != '\0';
    (void)fprintf(to, "%-7s %-24s %6lld  %-10s  %-*s%s\n", kinds[one->purpose],
                  one->name, (long long)days, date_of(one->until_s, date),
                  hosts ? STATE_SIZE : 0, state_of(one, days), one->hosts);
}
