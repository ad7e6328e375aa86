/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include "utf8.h"

/*
 * The process stays in the C locale, in which patterns are compared as in wrapped programs at their
 * start: only the terminal is asked for.
 */
static bool
has_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool is_utf8;

	if (locale == (locale_t)0)
		return false;
	is_utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
	freelocale(locale);
	return is_utf8;
}

struct terminal
terminal_of(int fd)
{
	const char *no_colour = getenv("NO_COLOR");
	struct terminal terminal = { .columns = SIZE_MAX };
	struct winsize size = { 0 };

	terminal.is_terminal = isatty(fd) == 1;
	if (!terminal.is_terminal)
		return terminal;
	terminal.colour = no_colour == NULL || *no_colour == '\0';
	terminal.utf8 = has_utf8();
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0)
		terminal.columns = size.ws_col;
	return terminal;
}

/* C0 and DEL; C1, which UTF-8 writes as two bytes. */
static bool
is_control(const char *character, size_t size)
{
	unsigned char first = (unsigned char)character[0];

	return first < ' ' || first == 0x7f ||
	       (size == 2 && first == 0xc2 && (unsigned char)character[1] < 0xa0);
}

void
terminal_put(FILE *out, const char *string)
{
	while (*string != '\0') {
		size_t size = utf8_size(string);

		if (size == 0 || is_control(string, size))
			fputc('?', out);
		else
			fwrite(string, 1, size, out);
		string += size == 0 ? 1 : size;
	}
}
