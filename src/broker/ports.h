/* ports.h - the sockets to listen on, as the configuration says. */
#ifndef MOGI_BROKER_PORTS_H
#define MOGI_BROKER_PORTS_H

#include "broker/host.h"

struct ports {
    struct address list[CONFIG_LISTENERS_MAX * 2]; /* that are listened on */
    size_t count;
    char paths[CONFIG_LISTENERS_MAX][CONFIG_TEXT_MAX];
    size_t path_count;
};

/* Look at what the listeners are open to, and settle who may come in: where
 * nobody has said it, other machines make allow_anonymous false. False when an
 * address cannot be found; `reports` says which. */
bool ports_check(struct config *config, struct config_reports *reports);

/* Open them all, and let each host of `hosts` accept from each. ERR_CONFIG:
 * `reports` says what failed, and for whom to look. */
MUST_USE
enum err ports_open(struct ports *ports, const struct config *config,
                    struct hosts *hosts, struct config_reports *reports);

/* Remove the files of Unix sockets. */
void ports_fini(struct ports *ports);

#endif
