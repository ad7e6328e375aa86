/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <string.h>

#include "path.h"

/* What the settings that are options of `kashim run` do; the rest is in kashim.conf(5). */
static const char *const setting_help[COMMAND_SETTINGS] = {
	[OPTION_PATH_TIMEOUT] = "silence after which the path forgets a connection",
	[OPTION_IDLE] = "silence before the first probe",
	[OPTION_INTERVAL] = "time between unanswered probes",
	[OPTION_PROBES] = "unanswered probes before the connection ends",
	[OPTION_RETRANSMIT_MAX] =
	    "longest wait between retransmissions, 15 of which end it; auto, off",
	[OPTION_KEEPALIVE] = "whether keepalive is on; true, false",
	[OPTION_USER_TIMEOUT] = "how long sent data may stay unacknowledged; auto, off",
	[OPTION_SYN_COUNT] = "how often connect(2) sends its first segment again",
	[OPTION_DEFER_ACCEPT] = "how long a listener waits for the first data",
	[OPTION_MAX_SEGMENT] = "largest segment",
	[OPTION_WINDOW_CLAMP] = "largest receive window",
	[COMMAND_SETTING_MODE] = "who wins, the policy or the program",
	[COMMAND_SETTING_PROFILE] = "named settings, see: kashim profiles",
};

const char *
help_setting_key(int setting)
{
	if (setting == COMMAND_SETTING_MODE)
		return "mode";
	return setting == COMMAND_SETTING_PROFILE ? "profile" : option_table[setting].key;
}

static const char *
argument_of_row(const struct option_row *row)
{
	if (row->unit == UNIT_SECONDS || row->unit == UNIT_MILLISECONDS)
		return row->words ? "DURATION|auto|off" : "DURATION";
	if (row->unit == UNIT_SWITCH)
		return "BOOLEAN|true|false";
	return row->unit == UNIT_BYTES ? "BYTES" : "NUMBER";
}

static const char *
argument_of(int setting)
{
	if (setting == COMMAND_SETTING_MODE)
		return "MODE";
	return setting == COMMAND_SETTING_PROFILE ? "PROFILE"
						  : argument_of_row(&option_table[setting]);
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

static size_t
add_settings(struct command_option *options)
{
	static char names[COMMAND_SETTINGS][32];
	size_t count = 0;

	/* Mode and profile stand behind the others, and come first. */
	for (int i = 0; i < COMMAND_SETTINGS; i++) {
		int setting = (COMMAND_SETTING_MODE + i) % COMMAND_SETTINGS;
		const char *key = help_setting_key(setting);
		const char *help = setting_help[setting];

		if (key != NULL)
			options[count++] = (struct command_option){ COMMAND_SETTING + setting,
				option_name(key, names[setting], sizeof(names[0])),
				argument_of(setting), help == NULL ? "see kashim.conf(5)" : help };
	}
	return count;
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
	if (command->takes_settings)
		count += add_settings(options + count);
	options[count++] = (struct command_option){ 'h', "help", NULL, "print this help" };
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
	if (count > SHOWN_MOST || command->takes_settings)
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
