/* scramlogin.h - the method that has a client prove its password by SCRAM, as
 * MQTT 5.0 enhanced authentication. MQTT 5.0, 4.12; RFC 5802
 *
 *     CONNECT  method, client's first message  ---->
 *                                              <---- AUTH 0x18, ours
 *     AUTH 0x18, client's last message         ---->
 *                                              <---- CONNACK, our proof
 *
 * and the same with AUTH 0x19 and AUTH 0x00 when it proves itself again. Checks
 * cost some us: the slow part of SCRAM is the client's.
 */
#ifndef MOGI_AUTH_SCRAMLOGIN_H
#define MOGI_AUTH_SCRAMLOGIN_H

#include "auth/fault.h"
#include "auth/method.h"

/* A method on the scram file `path`, which is read now. OK; ERR_CONFIG, ERR_IO,
 * ERR_NO_MEMORY: `fault` says what to do, with the path.
 *
 * Clients without an authentication method, or with another one, are passed
 * on. A user name in CONNECT must be the one that is proven. Whose line is
 * gone, or another one, has to leave at the reload. */
MUST_USE
enum err scramlogin_open(const char *path, struct auth_method *out,
                         struct fault *fault);

/* How many lines the file of this method has for users. */
size_t scramlogin_count(const struct auth_method *method);

#endif
