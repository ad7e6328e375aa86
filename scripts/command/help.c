/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <string.h>

#include "path.h"

/*
 * What the settings that are options of `kashim run` do; the rest is in kashim.conf(5). A switch, so
 * that the compiler misses an option that has none.
 */
static const char *
help_of_option(enum option_id option)
{
	switch (option) {
	case OPTION_PATH_TIMEOUT:
		return "silence after which the path forgets a connection";
	case OPTION_IDLE:
		return "silence before the first probe";
	case OPTION_INTERVAL:
		return "time between unanswered probes";
	case OPTION_PROBES:
		return "unanswered probes before the connection ends";
	case OPTION_RETRANSMIT_MAX:
		return "longest wait between retransmissions, 15 of which end it; auto, off";
	case OPTION_KEEPALIVE:
		return "whether keepalive is on; true, false";
	case OPTION_USER_TIMEOUT:
		return "how long sent data may stay unacknowledged; auto, off";
	case OPTION_SYN_COUNT:
		return "how often connect(2) sends its first segment again";
	case OPTION_DEFER_ACCEPT:
		return "how long a listener waits for the first data";
	case OPTION_MAX_SEGMENT:
		return "largest segment";
	case OPTION_WINDOW_CLAMP:
		return "largest receive window";
	case OPTION_COUNT:
		break;
	}
	return NULL;
}

static const char *
argument_of(const struct option_row *row)
{
	if (row->unit == UNIT_SECONDS || row->unit == UNIT_MILLISECONDS)
		return row->words ? "DURATION|auto|off" : "DURATION";
	if (row->unit == UNIT_SWITCH)
		return "BOOLEAN|true|false";
	return row->unit == UNIT_BYTES ? "BYTES" : "NUMBER";
}

/* The option of path_timeout is --path-timeout. */
static const char *
option_name(const char *key, char *room, size_t size)
{
	snprintf(room, size, "%s", key);
	for (char *at = room; *at != '\0'; at++)
		if (*at == '_')
			*at = '-';
	return room;
}

static void
add_settings(struct command_option *options, const char **values)
{
	static char names[OPTION_COUNT][32];

	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];

		*options++ =
		    (struct command_option){ option_name(row->key, names[option], sizeof(names[0])),
			    argument_of(row), help_of_option(option), .value = &values[option],
			    .is_setting = true };
	}
}

void
help_options(const struct command *command, struct command_option options[HELP_OPTIONS_MOST])
{
	const struct command_option *own = command->options;
	size_t count = 0;

	while (own != NULL && own[count].name != NULL) {
		options[count] = own[count];
		count++;
	}
	if (command->settings != NULL) {
		add_settings(options + count, command->settings);
		count += OPTION_COUNT;
	}
	options[count++] = (struct command_option){ "help", NULL, "print this help" };
	options[count] = (struct command_option)COMMAND_LAST;
}

/* An argument is called by its first word: of "DURATION|auto|off" that is DURATION. */
static int
width_of(const char *argument)
{
	return (int)strcspn(argument, "|");
}

/* "--path-timeout DURATION" */
static const char *
form_of(const struct command_option *option, char *room, size_t size)
{
	const char *argument = option->argument == NULL ? "" : option->argument;

	snprintf(room, size, "--%s%s%.*s", option->name, *argument == '\0' ? "" : " ",
	    width_of(argument), argument);
	return room;
}

void
help_usage(FILE *out, const struct command *command)
{
	enum { SHOWN_MOST = 4 };
	const struct command_option *options = command->options;
	char room[80];
	size_t count = 0;

	while (options != NULL && options[count].name != NULL)
		count++;
	fprintf(out, "usage: kashim %s", command->name);
	if (count > SHOWN_MOST || command->settings != NULL)
		fputs(" [OPTION...]", out);
	else
		for (size_t i = 0; i < count; i++)
			fprintf(out, " [%s]", form_of(&options[i], room, sizeof(room)));
	if (*command->operands != '\0')
		fprintf(out, " %s", command->operands);
	fputs("\n", out);
}

static void
print_options(const struct command *command)
{
	struct command_option options[HELP_OPTIONS_MOST];
	char room[80];
	size_t width = 0;

	help_options(command, options);
	for (const struct command_option *option = options; option->name != NULL; option++) {
		size_t size = strlen(form_of(option, room, sizeof(room)));

		width = size > width ? size : width;
	}
	for (const struct command_option *option = options; option->name != NULL; option++)
		printf(
		    "  %-*s  %s\n", (int)width, form_of(option, room, sizeof(room)), option->help);
}

void
help_print(const struct command *command)
{
	help_usage(stdout, command);
	printf("\n%s\n\n", command->description);
	print_options(command);
	if (command->exit_status != NULL)
		printf("\nExit status: %s\n", command->exit_status);
}

void
help_overview(void)
{
	fputs(
	    "usage: kashim COMMAND [ARGUMENT...]\n"
	    "\n"
	    "  kashim status           which connections are protected, and which are not\n"
	    "  kashim run PROGRAM      run a program with keepalive on all its TCP sockets\n"
	    "  kashim apply PID        switch it on in a program that is running\n"
	    "  kashim explain PROGRAM  which rule decides for a program, and when a dead peer is "
	    "noticed\n"
	    "  kashim compile          put " PATH_CONF_DEFAULT " in force after a change\n"
	    "\n"
	    "All commands: kashim help. More on one: kashim help COMMAND. Everything: kashim(1).\n",
	    stdout);
}
