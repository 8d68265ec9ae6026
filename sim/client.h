/* client.h - an MQTT client in the imaginary world: it does as it is told, and
 * watches that the broker keeps the rules.
 *
 * Whatever a test looks for, each packet that a client gets is checked: whole
 * and well-formed, CONNACK first, nothing behind DISCONNECT, no larger than
 * Maximum Packet Size, no more in flight than Receive Maximum, no packet id in
 * use twice, DUP on what was sent before, topic aliases known and allowed.
 * What is wrong stays in `error`.
 */
#ifndef MOGI_SIM_CLIENT_H
#define MOGI_SIM_CLIENT_H

#include "sim/words.h"
#include "sim/world.h"

enum { CLIENT_NAME_MAX = 31, CLIENT_ERROR_MAX = 511 };

/* What the client owes for a packet id that the broker uses. */
enum flight { FLIGHT_NONE, FLIGHT_PUBACK, FLIGHT_PUBREC, FLIGHT_PUBCOMP };

struct client {
    struct client *next;
    struct world *world;
    char name[CLIENT_NAME_MAX + 1];
    struct cable_id cable; /* 0: it never connected, or hung up */
    struct cable_id asked; /* the cable it had last: of questions about it */
    uint16_t listener;     /* through which it connects */
    char identity[CLIENT_NAME_MAX + 1]; /* that it then proves; "": none */
    unsigned version;
    bool deaf;      /* takes what comes without a look at it */
    bool remembers; /* keeps a copy of each packet in `past` */
    bool acks;      /* answers PUBLISH, PUBREC and PUBREL by itself */
    bool clean;     /* it asked for a new session */
    bool enhanced;  /* it named an authentication method */
    bool greeted;   /* CONNACK came */
    bool resumed;   /* it said that the session was present */
    bool dismissed; /* DISCONNECT came */
    bool problem_info;
    uint16_t next_pid;
    uint32_t max_packet, receive_max, alias_max;
    uint32_t flying;                  /* of this connection */
    uint8_t *flight;                  /* enum flight by packet id */
    uint8_t *counted;                 /* by packet id: part of `flying` */
    struct bytes *topics;             /* by alias; owned */
    struct words *first, *last;       /* packets not yet taken */
    struct words *past, *past_last;   /* of all connections */
    char error[CLIENT_ERROR_MAX + 1]; /* "" while all is well */
};

/* A client that is not connected. Never NULL. Freed with client_free. */
struct client *client_new(struct world *world, const char *name);
void client_free(struct client *client);

/* Plug in, without a word; packets are read as of protocol `version`. An older
 * connection is cut. */
void client_open(struct client *client, unsigned version);

/* Say CONNECT on the connection that is open. */
void client_connect(struct client *client, const struct words *connect);

/* Say any other packet. */
void client_say(struct client *client, const struct words *packet);

/* Send bytes that need not be a packet. */
void client_send(struct client *client, struct bytes bytes);

/* Hang up; see world_hang_up. */
void client_hang_up(struct client *client, bool cut);

/* Connected, as far as the client knows. */
bool client_connected(const struct client *client);

/* A packet id for the next packet: 1, 2, ... */
uint16_t client_pid(struct client *client);

/* Read what has come. Returns whether there was something. */
bool client_read(struct client *client);

/* Take `packet`, one of the list, out of it; the caller owns it now. */
struct words *client_take(struct client *client, struct words *packet);

/* Forget packets that were not taken. */
void client_forget(struct client *client);

/* Drop what is known of messages on their way to it, as its session ends. */
void client_reset(struct client *client);

#endif
