/* topic_option.h - the options that say a topic, a filter, or a URL with one in
 * it. */
#ifndef MOGI_CLI_TOPIC_OPTION_H
#define MOGI_CLI_TOPIC_OPTION_H

#include "cli/arguments.h"

/* Take the value of -t: a filter for sub, else a topic. False, as from all that
 * follow: a->error is set. */
bool topic_option_topic(struct arguments *a, const char *value);

/* Take the value of -T, and of -U. */
bool topic_option_filter_out(struct arguments *a, const char *value);
bool topic_option_unsubscribe(struct arguments *a, const char *value);

/* Take the value of --will-topic, and of -e. */
bool topic_option_will(struct arguments *a, const char *value);
bool topic_option_response(struct arguments *a, const char *value);

/* Take the value of -L: mqtt[s]://[user[:password]@]host[:port]/topic. A copy
 * is cut up, in a->url. */
bool topic_option_url(struct arguments *a, const char *value);

#endif
