/* certs.c - `mogi certs`: a CA of one's own, and what it signs. */
#include "cli/certs_option.h"
#include "cli/certs_report.h"
#include "cli/commands.h"
#include "tls/pemfile.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CA_DAYS = 3650, HOST_SIZE = 256, OWN_HOSTS = 4, USAGE = 2 };

/* What a command works with. */
struct certs {
    struct certs_options o;
    struct tls_authority *ca;
    struct tls_trouble trouble;
    char folder[PATH_MAX]; /* as the configuration names it */
    int64_t now_s;
};

static bool is_taken(const struct certs *c)
{
    return strstr(c->trouble.text, "exists already") != NULL;
}

static int failed(const struct certs *c)
{
    (void)fprintf(stderr, "mogi certs: %s\n", c->trouble.text);
    if (is_taken(c)) (void)fputs("--force replaces it.\n", stderr);
    return EXIT_FAILURE;
}

static int usage(const char *text)
{
    (void)fprintf(stderr, "mogi certs: %s; see --help\n", text);
    return USAGE;
}

/* The CA that is there. */
static bool ca_open(struct certs *c)
{
    if (tls_authority_open(c->o.folder, &c->ca, &c->trouble) == OK) {
        return realpath(c->o.folder, c->folder) != NULL;
    }
    (void)fprintf(stderr,
                  "mogi certs: %s\nIs --dir %s the folder of your CA? 'mogi "
                  "certs init' makes one.\n",
                  c->trouble.text, c->o.folder);
    return false;
}

/* The same file, by a name that is good from everywhere. */
static void path_widen(const struct certs *c, char path[TLS_PATH_SIZE])
{
    size_t size = strlen(c->o.folder);
    char wide[TLS_PATH_SIZE];
    int length = snprintf(wide, sizeof wide, "%s%s", c->folder, path + size);
    if (length > 0 && (size_t)length < sizeof wide) {
        memcpy(path, wide, (size_t)length + 1);
    }
}

static int server_make(struct certs *c, const char *name,
                       const char *const *hosts, size_t count, bool is_main)
{
    struct tls_made made;
    static char conf[CERTS_CONF_SIZE];
    struct tls_wish wish = {.purpose = TLS_FOR_SERVER,
                            .key = c->o.key,
                            .name = name,
                            .hosts = hosts,
                            .host_count = count,
                            .days = c->o.days,
                            .is_main = is_main,
                            .replace = c->o.force};
    if (tls_authority_issue(c->ca, &wish, c->now_s, &made, &c->trouble) != OK) {
        return failed(c);
    }
    path_widen(c, made.cert);
    path_widen(c, made.key);
    if (!certs_report_conf(conf, c->folder, &made)) {
        return usage("the folder's name is too long");
    }
    certs_report_server(stdout, &made, hosts, count, conf);
    if (!is_main) return EXIT_SUCCESS;
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/mogi.conf", c->o.folder);
    if (tls_pem_text_write(path, conf, &c->trouble) != OK) return failed(c);
    (void)printf("These lines are in %s. Now make a certificate for each "
                 "client, and start the broker:\n\n"
                 "    mogi certs client NAME --dir ",
                 path);
    certs_report_word(stdout, c->o.folder);
    (void)fputs("\n    mogi broker -c ", stdout);
    certs_report_word(stdout, path);
    (void)fputs("\n\n", stdout);
    return EXIT_SUCCESS;
}

static void host_add(const char **hosts, size_t *count, const char *host)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(hosts[i], host) == 0) return;
    }
    hosts[*count] = host;
    *count += 1;
}

static int init_run(struct certs *c)
{
    const char *hosts[CERTS_NAMES_MAX + OWN_HOSTS];
    size_t count = 0;
    char own[HOST_SIZE] = "";
    if (c->o.name_count > 0) return usage("init takes no name; --host is it");
    for (size_t i = 0; i < c->o.host_count; i++) {
        if (!tls_host_valid(c->o.hosts[i])) {
            return usage("--host is no name and no address of a host");
        }
        host_add(hosts, &count, c->o.hosts[i]);
    }
    if (gethostname(own, sizeof own - 1) == 0 && tls_host_valid(own)) {
        host_add(hosts, &count, own);
    }
    host_add(hosts, &count, "localhost");
    host_add(hosts, &count, "127.0.0.1");
    host_add(hosts, &count, "::1");
    unsigned days = c->o.days > CA_DAYS ? c->o.days : CA_DAYS;
    if (tls_authority_init(c->o.folder, c->o.key, days, c->now_s, c->o.force,
                           &c->ca, &c->trouble) != OK) {
        if (is_taken(c)) {
            (void)fputs("A new CA makes all that the old one has signed "
                        "worthless.\n",
                        stderr);
        }
        return failed(c);
    }
    if (realpath(c->o.folder, c->folder) == NULL) return EXIT_FAILURE;
    (void)printf("A CA in %s: clients trust ca.crt, and ca.key must stay "
                 "secret.\n\n",
                 c->folder);
    return server_make(c, hosts[0], hosts, count, true);
}

static int server_run(struct certs *c)
{
    if (c->o.name_count == 0) return usage("server wants a host");
    if (!ca_open(c)) return EXIT_FAILURE;
    return server_make(c, c->o.names[0], c->o.names, c->o.name_count, false);
}

static int client_run(struct certs *c)
{
    if (c->o.name_count == 0) return usage("client wants a name");
    if (!ca_open(c)) return EXIT_FAILURE;
    for (size_t i = 0; i < c->o.name_count; i++) {
        struct tls_made made;
        struct tls_wish wish = {.purpose = TLS_FOR_CLIENT,
                                .key = c->o.key,
                                .name = c->o.names[i],
                                .days = c->o.days,
                                .replace = c->o.force};
        if (tls_authority_issue(c->ca, &wish, c->now_s, &made, &c->trouble) !=
            OK) {
            return failed(c);
        }
        certs_report_client(stdout, c->o.folder, c->o.names[i], &made);
    }
    return EXIT_SUCCESS;
}

static int revoke_run(struct certs *c)
{
    if (c->o.name_count == 0) return usage("revoke wants a name");
    if (!ca_open(c)) return EXIT_FAILURE;
    for (size_t i = 0; i < c->o.name_count; i++) {
        size_t count;
        if (tls_authority_revoke(c->ca, c->o.names[i], c->now_s, &count,
                                 &c->trouble) != OK) {
            return failed(c);
        }
        (void)printf(count == 0
                         ? "%s was revoked already.\n"
                         : "%s is revoked. mogi knows it at once, another "
                           "broker after SIGHUP, if it has the line:\n\n"
                           "    crlfile %s/ca.crl\n\n",
                     c->o.names[i], c->folder);
    }
    return EXIT_SUCCESS;
}

static void line_print(void *context, const struct tls_issued *one)
{
    const struct certs *c = context;
    certs_report_line(stdout, one, c->now_s);
}

static int list_run(struct certs *c)
{
    if (c->o.name_count > 0) return usage("list takes no name");
    if (!ca_open(c)) return EXIT_FAILURE;
    certs_report_line(stdout, NULL, c->now_s);
    if (tls_authority_list(c->ca, line_print, c, &c->trouble) != OK) {
        return failed(c);
    }
    return EXIT_SUCCESS;
}

struct subcommand {
    const char *name;
    int (*run)(struct certs *c);
};

static const struct subcommand subcommands[] = {
    {"init", init_run},     {"server", server_run}, {"client", client_run},
    {"revoke", revoke_run}, {"list", list_run},
};

int certs_main(int argc, char **argv)
{
    struct certs c = {.now_s = (int64_t)time(NULL)};
    if (!certs_option_read(&c.o, argc, argv, stderr)) return USAGE;
    if (c.o.help) {
        certs_option_help(stdout);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        if (strcmp(subcommands[i].name, c.o.command) != 0) continue;
        int status = subcommands[i].run(&c);
        tls_authority_free(c.ca);
        return status;
    }
    return usage("that is no command");
}
