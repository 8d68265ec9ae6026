/* chain.h - the methods of one listener, in their order.
 *
 *     method 1 --PASS--> method 2 --PASS--> ... --PASS--> anonymous?
 *        |                  |                               |
 *     ACCEPT, REFUSE     ACCEPT, REFUSE                  ACCEPT, REFUSE
 *
 * The first method that does not pass decides. When all pass: somebody without
 * name, password and method is let in if the listener allows it; somebody with
 * a name only if there was no method to ask, for then names prove nothing and
 * are taken as they are; all others are refused.
 *
 * Immutable once calls use it; counted, since calls of an old configuration may
 * be under way when it is replaced. A method is counted too: it may stand in
 * several chains.
 */
#ifndef MOGI_AUTH_CHAIN_H
#define MOGI_AUTH_CHAIN_H

#include "auth/method.h"

enum { AUTH_METHODS_MAX = 8 };

struct auth_shared; /* a counted method */

struct auth_chain {
    atomic_uint refs;
    bool allow_anonymous;
    struct auth_shared *methods[AUTH_METHODS_MAX];
    size_t count;
};

/* A counted method with one reference; takes `method` over, and frees it when
 * there is no memory: then NULL. */
struct auth_shared *auth_shared_new(struct auth_method method);

/* One reference more; returns `shared`. Any thread. */
struct auth_shared *auth_shared_ref(struct auth_shared *shared);

/* One reference less; the last one frees the method. NULL is fine. */
void auth_shared_unref(struct auth_shared *shared);

/* The method itself. */
const struct auth_method *auth_shared_method(const struct auth_shared *shared);

/* A chain without methods and one reference; NULL when there is no memory. */
struct auth_chain *auth_chain_new(bool allow_anonymous);

/* One reference more; returns `chain`. Any thread. */
struct auth_chain *auth_chain_ref(struct auth_chain *chain);

/* One reference less; NULL is fine. Any thread. */
void auth_chain_unref(struct auth_chain *chain);

/* Add a method, of which it takes a reference of its own. ERR_FULL. */
MUST_USE
enum err auth_chain_add(struct auth_chain *chain, struct auth_shared *method);

/* Is there a method by which who was let in with `proof` may stay? */
bool auth_chain_stands(const struct auth_chain *chain, uint64_t proof);

/* The broker ends: finish what is LATER. */
void auth_chain_stop(struct auth_chain *chain);

/* What `request` comes to when all methods have passed. */
enum auth_step auth_chain_default(const struct auth_chain *chain,
                                  const struct auth_request *request,
                                  struct auth_answer *answer);

#endif
