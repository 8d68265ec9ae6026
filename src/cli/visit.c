/* visit.c - see visit.h. */
#include "cli/visit.h"

#include "cli/interrupt.h"
#include "cli/trouble.h"
#include "client/clock.h"

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

uint64_t visit_end_ms(const struct arguments *a)
{
    if (a->timeout_s == 0) return 0;
    return clock_now_ms() + (uint64_t)a->timeout_s * 1000;
}

int visit_wait_ms(uint64_t end_ms)
{
    if (end_ms == 0) return -1;
    uint64_t now_ms = clock_now_ms();
    return now_ms >= end_ms ? 0 : (int)(end_ms - now_ms);
}

bool visit_is_over(const struct arguments *a, uint64_t end_ms, int *status)
{
    *status = STATUS_OK;
    if (interrupt_came()) return true;
    if (end_ms == 0 || clock_now_ms() < end_ms) return false;
    trouble_print(a, "Timed out\n");
    *status = STATUS_TIMEOUT;
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
