/* identity.h - the method for those whom TLS has proven already: the identity
 * of their certificate or pre-shared key is their user name. */
#ifndef MOGI_AUTH_IDENTITY_H
#define MOGI_AUTH_IDENTITY_H

#include "auth/method.h"

/* ACCEPT with the identity as the user name; PASS when there is none. A client
 * with a certificate's identity needs no password, and one that it sends is
 * not looked at. */
struct auth_method identity_method(void);

#endif
