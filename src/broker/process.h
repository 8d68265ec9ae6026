/* process.h - the process and its place in the operating system. */
#ifndef MOGI_BROKER_PROCESS_H
#define MOGI_BROKER_PROCESS_H

#include "base/err.h"

#include <stdint.h>

/* Let it open as many files as it may. Returns how many that is. */
uint64_t process_raise_files(void);

/* A socket that is closed at the other end, a terminal that is gone: errors
 * to be met where they occur, not the end of the process. */
void process_ignore_signals(void);

/* Go on as a process of its own in the background. Whoever typed the command
 * still sees what is said, and waits: *starter is to be given to
 * process_started; a process that ends without that has failed, and so does the
 * command. ERR_IO: it stays here, errno says why. */
MUST_USE
enum err process_daemon(int *starter);

/* All is well: the command ends, and nothing more is said on its terminal. */
void process_started(int starter);

/* Files are made without the rights in `mask`, or, when that is above 0777,
 * without any for others, and without those that it was started without. */
void process_umask(unsigned mask);

/* Write the process's number to `path`. ERR_IO: errno says why. */
MUST_USE
enum err process_write_pid(const char *path);

/* Remove `path`; harmless when it is gone. */
void process_remove(const char *path);

/* Threads that can run at once here, at least 1. */
unsigned process_cpu_count(void);

#endif
