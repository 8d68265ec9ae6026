/* privileges_posix.c - privileges.h for POSIX systems. */
#include "broker/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_USER "mogi"

/* Nobody else may be asked for: say so when that is what was wanted. */
static void stays_explain(const struct config *config,
                          struct config_reports *reports)
{
    const struct passwd *own = getpwuid(geteuid());
    if (config->user[0] == '\0') return;
    if (own != NULL && strcmp(own->pw_name, config->user) == 0) return;
    report_add(&reports->notes,
               "user %s: only root can become somebody else; mogi stays %s",
               config->user, own != NULL ? own->pw_name : "who it is");
}

static void root_explain(const struct config *config,
                         struct config_reports *reports)
{
    report_add(&reports->notes,
               "mogi works as root, and so would who breaks into it%s",
               config->user[0] != '\0'
                   ? ""
                   : "; to end that: useradd --system mogi, or \"user NAME\" "
                     "in the file");
}

enum err privileges_find(const struct config *config, struct privileges *out,
                         struct config_reports *reports)
{
    *out = (struct privileges){.changes = false};
    if (geteuid() != 0) {
        stays_explain(config, reports);
        return OK;
    }
    bool named = config->user[0] != '\0';
    const char *name = named ? config->user : DEFAULT_USER;
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (user == NULL && named) {
        report_add(&reports->errors,
                   "user %s: there is no such user; useradd --system %s", name,
                   name);
        return ERR_CONFIG;
    }
    if (user == NULL || user->pw_uid == 0) {
        root_explain(config, reports);
        return OK;
    }
    out->changes = true;
    out->uid = user->pw_uid;
    out->gid = user->pw_gid;
    (void)snprintf(out->user, sizeof out->user, "%s", name);
    return OK;
}

enum err privileges_drop(const struct privileges *privileges)
{
    if (!privileges->changes) return OK;
    if (initgroups(privileges->user, privileges->gid) != 0) return ERR_IO;
    if (setgid(privileges->gid) != 0) return ERR_IO;
    if (setuid(privileges->uid) != 0) return ERR_IO;
    errno = EPERM;
    return setuid(0) != 0 && geteuid() == privileges->uid ? OK : ERR_IO;
}
