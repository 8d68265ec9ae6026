/* conffile.h - files in the dialect of mosquitto.conf: a key and its value on a
 * line; lines that begin with # mean nothing. */
#ifndef MOGI_BROKER_CONFFILE_H
#define MOGI_BROKER_CONFFILE_H

#include "broker/config.h"

/* Read the file `place->name` into `config`. */
void conffile_read(struct config *config, const struct config_place *place,
                   struct config_reports *reports);

/* Read every file of folder `folder`, named at `place`, that ends in ".conf",
 * in the order of their names: "A", "a", "B", "b". */
void conffile_read_all(struct config *config, const char *folder,
                       const struct config_place *place,
                       struct config_reports *reports);

#endif
