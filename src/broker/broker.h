/* broker.h - the broker as a program. */
#ifndef MOGI_BROKER_BROKER_H
#define MOGI_BROKER_BROKER_H

/* Run the broker until a signal ends it: `mogi broker`, argv[0] is "broker".
 * Returns the exit status: 0, or 1 when it could not start. */
int broker_main(int argc, char **argv);

#endif
