/* spare.h - memory that is free and that the allocator still holds. */
#ifndef MOGI_BROKER_SPARE_H
#define MOGI_BROKER_SPARE_H

/* Give what is free of this thread's back to the system, where the allocator
 * can do that: mimalloc, or the C library's. Takes time in proportion to the
 * blocks that it manages, less than 10 ms for 100 MB. Any thread. */
void spare_release(void);

#endif
