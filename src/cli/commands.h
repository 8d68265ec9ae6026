/* commands.h - the subcommands of `mogi`. Each gets its own name as argv[0]
 * and returns the exit status. */
#ifndef MOGI_CLI_COMMANDS_H
#define MOGI_CLI_COMMANDS_H

/* Publish messages: mosquitto_pub's options and exit codes. */
int pub_main(int argc, char **argv);

/* Print messages: mosquitto_sub's options and exit codes. */
int sub_main(int argc, char **argv);

/* Publish a request and print the response: mosquitto_rr's. */
int rr_main(int argc, char **argv);

/* Names and passwords for password_file: mosquitto_passwd's options. */
int passwd_main(int argc, char **argv);

/* What the rules of an acl_file say about somebody. */
int acl_main(int argc, char **argv);

/* A signed token for a client. */
int token_main(int argc, char **argv);

/* Check, count or print what is stored. */
int db_main(int argc, char **argv);

/* A CA of one's own, and certificates for TLS. */
int certs_main(int argc, char **argv);

#endif
