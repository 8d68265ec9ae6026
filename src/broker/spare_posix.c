/* spare_posix.c - spare.h where no allocator is known to be asked. */
#include "broker/spare.h"

void spare_release(void)
{
}
