/* SPDX-License-Identifier: MIT */
/*
 * past_the_shim libc: a TCP socket by the function that libc's own handle gives.
 * past_the_shim library LIBRARY [deepbind]: one by the function make_socket of that library.
 * Then another one, by socket(2) as everybody calls it. Says which is which and "ready", and stays
 * until it is ended.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

/* Data and function pointers are of one size wherever dlsym(3) exists. */
static void
find(const char *library, int flags, const char *name, void *function)
{
	void *handle = dlopen(library, RTLD_NOW | flags);
	void *found = handle == NULL ? NULL : dlsym(handle, name);

	if (found == NULL) {
		fprintf(stderr, "past_the_shim: %s\n", dlerror());
		exit(1);
	}
	memcpy(function, &found, sizeof(found));
}

int
main(int argc, char **argv)
{
	int (*libc_socket)(int, int, int);
	int (*make_socket)(void);
	int around;

	if (argc == 2 && strcmp(argv[1], "libc") == 0) {
		find("libc.so.6", RTLD_NOLOAD, "socket", &libc_socket);
		around = libc_socket(AF_INET, SOCK_STREAM, 0);
	} else if (argc == 3 || argc == 4) {
		find(argv[2], argc == 4 ? RTLD_DEEPBIND : 0, "make_socket", &make_socket);
		around = make_socket();
	} else {
		fputs("usage: past_the_shim libc | library LIBRARY [deepbind]\n", stderr);
		return 2;
	}
	printf("slot a %d\nslot s %d\nready\n", around, socket(AF_INET, SOCK_STREAM, 0));
	fflush(stdout);
	for (;;)
		pause();
}
