/* explain.h - what OpenSSL found wrong, in words that say what to do.
 *
 * OpenSSL keeps a queue of errors for each thread. Whoever calls it leaves the
 * queue empty: an old error in it would be taken for one of the next call.
 */
#ifndef MOGI_TLS_EXPLAIN_H
#define MOGI_TLS_EXPLAIN_H

enum {
    /* Bytes of an explanation, NUL included. */
    EXPLAIN_TEXT_MAX = 700
};

/* Why something could not be had; a sentence without capital or full stop. */
struct trouble_text {
    char text[EXPLAIN_TEXT_MAX];
};

/* Write the sentence, made as by printf; what is too long is cut. */
void explain(struct trouble_text *trouble, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The reason of the first error in this thread's queue, in OpenSSL's words, or
 * "no reason given". Empties the queue. Valid until the thread asks again. */
const char *explain_reason(void);

/* Why a handshake failed, from this thread's queue, which is then empty.
 *
 *   verdict  what became of the peer's certificate (SSL_get_verify_result)
 *   trouble  receives the sentence */
void explain_handshake(long verdict, struct trouble_text *trouble);

/* What is wrong with a certificate whose check ended with `verdict` of
 * X509_V_...; static memory. */
const char *explain_verdict(long verdict);

#endif
