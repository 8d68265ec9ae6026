/* visit.c - see visit.h. */
#include "cli/visit.h"

#include "cli/interrupt.h"
#include "cli/trouble.h"

bool visit_begin(struct arguments *a, enum arguments_command command, int argc,
                 char **argv, int *status)
{
    *status = STATUS_FAILED;
    switch (arguments_read(a, command, argc, argv)) {
    case ARGUMENTS_OK: return true;
    case ARGUMENTS_WRONG: *status = trouble_arguments(a); break;
    case ARGUMENTS_HELP: arguments_help(command, stdout); break;
    case ARGUMENTS_VERSION:
        (void)printf("mogi %s " MOGI_VERSION "\n",
                     arguments_command_name(command));
        break;
    }
    return false;
}

bool visit_open(const struct arguments *a, struct mogi_client *c, int *status)
{
    trouble_print(a, "%s", a->warning);
    enum mogi_error e = mogi_client_open(c);
    if (e != MOGI_OK) {
        *status = trouble_open(a, c, e);
        return false;
    }
    interrupt_catch();
    return true;
}

int visit_end(const struct arguments *a, struct mogi_client *c, uint8_t reason,
              uint32_t timeout_ms, int status)
{
    if (!mogi_client_is_connected(c)) return status;
    enum mogi_error e = mogi_client_close(
        c, reason, arguments_region_bytes(a, REGION_DISCONNECT), timeout_ms);
    if (e != MOGI_ERROR_ARGUMENT) return status;
    trouble_print(a, "Error: A property of disconnect is wrong.\n");
    return STATUS_ARGUMENT;
}
