/* storage.h - what outlives the process: the store behind all hosts.
 *
 *     host 0 --batch 7--> +-------+ --MAIL_COMMITTED 7--> host 0
 *     host 1 --batch 3--> | store | --MAIL_COMMITTED 3--> host 1
 *                         +-------+ --MAIL_STORAGE------> all: it fails, or
 *                                                         works again
 */
#ifndef MOGI_BROKER_STORAGE_H
#define MOGI_BROKER_STORAGE_H

#include "broker/host.h"

enum { STORAGE_PATH_MAX = CONFIG_TEXT_MAX + 8 };

/* The folder of the store that is kept at `location`. */
void storage_folder(const char *location, char folder[STORAGE_PATH_MAX]);

/* Open the store that `config` asks for, if it does, as hosts->store; the key
 * by which hosts share out clients is then the store's. The log says what goes
 * wrong. */
MUST_USE
enum err storage_open(struct hosts *hosts, const struct config *config);

/* Let the store work, give every host what was stored, and let them hear from
 * one another until all is quiet. Before their threads start. The log says what
 * goes wrong. */
MUST_USE
enum err storage_restore(struct hosts *hosts);

/* Read what the bytes of a LOAD ask for, beside the loop: MAIL_LOADED comes. */
void storage_load(struct host *host, struct bytes load);

/* Write what waits, and close the store. When no thread of a host runs any
 * more, and every mailbox is still there. */
void storage_close(struct hosts *hosts);

#endif
