/* environment.h - keys of the configuration that the environment sets.
 *
 *     MOGI_MAX_QOS=1   is   max_qos 1
 *
 * Kubernetes puts the address of each service into every container. Those of a
 * service called "mogi" begin like our own, and are told apart by their form.
 */
#ifndef MOGI_BROKER_ENVIRONMENT_H
#define MOGI_BROKER_ENVIRONMENT_H

#include "broker/config.h"

/* Set what the variables in `list` (as environ: "NAME=value", NULL ends it)
 * say, in the order of the keys. A variable that begins with MOGI_ and is no
 * key is noted. */
void environment_read(struct config *config, char *const *list,
                      struct config_reports *reports);

#endif
