/* SPDX-License-Identifier: MIT */
/*
 * For LD_PRELOAD into 32-bit programs: syscall(2) as before Linux 4.3, where socketcall(2) had all
 * calls for sockets and none was there by itself.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <sys/syscall.h>

long
syscall(long number, ...)
{
	long (*next)(long, ...), argument[6];
	void *found = dlsym(RTLD_NEXT, "syscall");
	va_list arguments;

	memcpy(&next, &found, sizeof(next));
	if (number >= SYS_socket && number <= SYS_shutdown) {
		errno = ENOSYS;
		return -1;
	}
	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(arguments, long);
	va_end(arguments);
	return next(
	    number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
