/* SPDX-License-Identifier: MIT */
/*
 * setsockopt() under `force`: whatever the arguments are, the result is the kernel's own, what the
 * policy sets stays, and what it does not set is as without the shim.
 */
#include <errno.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "apply.h"
#include "fuzz.h"
#include "override.h"
#include "retransmit.h"

static struct loaded loaded = { .next = { .socket = socket, .setsockopt = setsockopt } };
static int forced = -1, plain = -1;
static char *edge; /* the page behind it may not be read */

static void
begin(void)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CLAIM(pages != MAP_FAILED && mprotect(pages + 4096, 4096, PROT_NONE) == 0);
	edge = pages + 4096;
	loaded.settings = settings_builtin();
	loaded.settings.mode = MODE_FORCE;
	loaded.settings.value[OPTION_USER_TIMEOUT] = VALUE_AUTO;
	settings_resolve(&loaded.settings, RETRANSMIT_RETRIES);
}

/* Sockets keep what earlier inputs set, so each input has its own. */
static void
open_sockets(void)
{
	forced = socket(AF_INET, SOCK_STREAM, 0);
	plain = socket(AF_INET, SOCK_STREAM, 0);
	CLAIM(forced != -1 && plain != -1);
	apply(forced, &loaded.settings, setsockopt);
	apply(plain, &loaded.settings, setsockopt);
}

/* What a call does with both, and that the policy still holds. */
static void
claim(enum option_id option, int level, int name, const void *value, socklen_t size)
{
	int result, error, expected;
	struct settings have;

	errno = 0;
	expected = setsockopt(plain, level, name, value, size);
	error = errno;
	errno = 0;
	result = override_setsockopt(&loaded, forced, option, value, size);
	CLAIM(result == expected && errno == error);
	have = apply_read(forced);
	for (enum option_id each = 0; each < OPTION_COUNT; each++)
		if (apply_wants(&loaded.settings, each, false))
			CLAIM(have.value[each] == loaded.settings.value[each]);
	if (!apply_wants(&loaded.settings, option, false))
		CLAIM(have.value[option] == apply_read(plain).value[option]);
}

/* The input: option, how the value is handed over, its length, the value. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const socklen_t strange[] = { 0, 1, 3, 4, 5, 8, 0x7fffffff, 0x80000000, 0xffffffff };
	enum { STRANGE = sizeof(strange) / sizeof(strange[0]) };
	const struct option_row *row;
	const void *value = edge;
	enum option_id option;
	size_t given;
	socklen_t length;

	if (edge == NULL)
		begin();
	if (size < 3)
		return 0;
	option = data[0] % OPTION_COUNT;
	row = &option_table[option];
	if (row->name == 0)
		return 0;
	given = size - 3 < 16 ? size - 3 : 16;
	length = data[2] < STRANGE ? strange[data[2]] : (socklen_t)given;
	/* At the very end of what may be read, so that one byte too many is noticed. */
	memcpy(edge - given, data + 3, given);
	if (data[1] % 4 == 1)
		value = NULL;
	else if (data[1] % 4 != 2)
		value = edge - given;
	open_sockets();
	claim(option, row->level, row->name, value, length);
	close(forced);
	close(plain);
	return 0;
}
