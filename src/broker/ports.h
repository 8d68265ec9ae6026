/* ports.h - the sockets to listen on, as the configuration says. */
#ifndef MOGI_BROKER_PORTS_H
#define MOGI_BROKER_PORTS_H

#include "broker/host.h"

/* A socket that a host will accept from. */
struct port_socket {
    int fd; /* -1: it is the host's */
    uint16_t host;
    uint16_t number; /* of the listener */
    struct address address;
};

struct ports {
    struct port_socket *sockets;
    size_t socket_count;
    struct address list[CONFIG_LISTENERS_MAX * 2]; /* that are listened on */
    uint16_t numbers[CONFIG_LISTENERS_MAX * 2];    /* whose they are */
    size_t count;
    char paths[CONFIG_LISTENERS_MAX][CONFIG_TEXT_MAX];
    size_t path_count;
};

/* Look at what the listeners are open to, and settle who may come in: where
 * nobody has said it, other machines make allow_anonymous false. False when an
 * address cannot be found; `reports` says which. */
bool ports_check(struct config *config, struct config_reports *reports);

/* Take all their addresses, for `hosts` threads. Nobody can connect yet, but a
 * port that another has is found before anything else is done. ERR_CONFIG:
 * `reports` says what failed, and for whom to look. */
MUST_USE
enum err ports_open(struct ports *ports, const struct config *config,
                    uint16_t hosts, struct config_reports *reports);

/* Let each host of `hosts` accept from its sockets. ERR_IO: `errors` says why;
 * another broker may have been quicker. */
MUST_USE
enum err ports_serve(struct ports *ports, struct hosts *hosts,
                     struct report *errors);

/* Close what no host has, and remove the files of Unix sockets. */
void ports_fini(struct ports *ports);

#endif
