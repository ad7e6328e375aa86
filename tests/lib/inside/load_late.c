/* SPDX-License-Identifier: MIT */
/*
 * load_late LIBRARY [alone]: load the shim by dlopen(3), or into a namespace of its own by dlmopen(3), and
 * make a TCP socket by its socket(). Says "ready", and stays until it is ended.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

int
main(int argc, char **argv)
{
	int (*make)(int, int, int);
	void *handle, *found;

	if (argc != 2 && argc != 3)
		return 2;
	handle = argc == 2 ? dlopen(argv[1], RTLD_NOW) : dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW);
	found = handle == NULL ? NULL : dlsym(handle, "socket");
	if (found == NULL) {
		fprintf(stderr, "load_late: %s\n", dlerror());
		return 1;
	}
	memcpy(&make, &found, sizeof(make));
	if (make(AF_INET, SOCK_STREAM, 0) == -1)
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
