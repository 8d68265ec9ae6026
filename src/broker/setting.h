/* setting.h - one key, met somewhere with a value. */
#ifndef MOGI_BROKER_SETTING_H
#define MOGI_BROKER_SETTING_H

#include "broker/keys.h"

struct setting {
    struct config *config;
    struct config_listener *listener; /* that it is about; NULL: none */
    const struct key *key;
    const char *value;
    const struct config_place *place;
    struct config_reports *reports;
};

/* Do what it says: a key that has an effect, with a value. What is wrong is
 * said, and changes nothing. */
void setting_apply(const struct setting *setting);

/* What is wrong with it, among the errors, with its place. */
void setting_error(const struct setting *setting, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What should be known about it, among the notes. */
void setting_note(const struct setting *setting, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
