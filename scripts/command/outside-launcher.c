/* SPDX-License-Identifier: MIT */
#include "outside-launcher.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* How many processes above one are looked at. */
enum { GENERATIONS_MOST = 16 };

/* Programs that start others with a fresh environment, and how the library gets in there. */
static const struct launcher {
	const char *program;
	const char *remedy;
	const char *when; /* one of these arguments, for what is else no matter; or NULL */
} launchers[] = {
	{ "master", "name LD_PRELOAD and KASHIM_CONF in import_environment of main.cf" },
	{ "postfix", "name LD_PRELOAD and KASHIM_CONF in import_environment of main.cf" },
	{ "postmulti", "name LD_PRELOAD and KASHIM_CONF in import_environment of main.cf" },
	{ "cron", "write LD_PRELOAD=... above the lines of the crontab, or kashim run in them" },
	{ "crond", "write LD_PRELOAD=... above the lines of the crontab, or kashim run in them" },
	{ "anacron", "write kashim run in the lines of the anacrontab" },
	{ "atd", "write kashim run in front of the commands of the job" },
	{ "sudo", "inside out: sudo kashim run PROGRAM" },
	{ "su", "inside out: su - USER -c 'kashim run PROGRAM'" },
	{ "doas", "inside out: doas kashim run PROGRAM" },
	{ "pkexec", "inside out: pkexec kashim run PROGRAM" },
	{ "runuser", "inside out: runuser -l USER -c 'kashim run PROGRAM'", " - -l --login " },
	{ "env", "inside out: env -i kashim run PROGRAM", " - -i --ignore-environment " },
	{ "firejail", "firejail --env=LD_PRELOAD=..., or inside out: firejail kashim run PROGRAM" },
	{ "bwrap", "bwrap --setenv LD_PRELOAD ...", " --clearenv " },
	{ "mptcpize", "inside out: mptcpize run kashim run PROGRAM", " run " },
	{ "sshd", "sessions start afresh: kashim system enable, or kashim run in there" },
	{ "login", "sessions start afresh: kashim system enable" },
	{ "service", "kashim enable UNIT, as the script clears the environment" },
	{ "apache2ctl", "write LD_PRELOAD into /etc/apache2/envvars" },
	{ "apachectl", "write LD_PRELOAD into /etc/apache2/envvars" },
};

const char *
launcher_remedy(const char *program)
{
	for (size_t i = 0; i < sizeof(launchers) / sizeof(*launchers); i++)
		if (strcmp(launchers[i].program, program) == 0)
			return launchers[i].remedy;
	return NULL;
}

/* Whether some argument, behind the first, is one of those in `when`, between blanks. */
static bool
has_argument(const struct program *program, const char *when)
{
	const char *at = program->arguments;
	const char *end = at + program->arguments_size;
	char word[32];

	for (at += strlen(at) + 1; at < end; at += strlen(at) + 1) {
		struct text text = text_in(word, sizeof(word));

		text_put(&text, " ");
		text_put(&text, at);
		text_put(&text, " ");
		if (strstr(when, word) != NULL)
			return true;
	}
	return false;
}

void
launcher_warn(const struct program *program)
{
	const char *name = path_base(program->executed);

	for (size_t i = 0; i < sizeof(launchers) / sizeof(*launchers); i++) {
		const struct launcher *launcher = &launchers[i];

		if (strcmp(launcher->program, name) != 0 ||
		    (launcher->when != NULL && !has_argument(program, launcher->when)))
			continue;
		fprintf(stderr,
		    "kashim: %s starts programs with an environment of its own, without kashim: %s\n",
		    name, launcher->remedy);
	}
}

static void
say(char *said, const char *launcher)
{
	struct text text = text_in(said, LAUNCHER_LONGEST);
	const char *remedy = launcher_remedy(launcher);

	if (remedy == NULL) {
		text_put(&text, "environment cleared below ");
		text_put(&text, launcher);
		text_put(&text, ", which has the shim: use kashim run there, or kashim apply");
	} else {
		text_put(&text, launcher);
		text_put(&text, " clears the environment: ");
		text_put(&text, remedy);
	}
}

/*
 * Upwards to the first that has the library. What is known to clear the environment is to blame, or
 * else the last one that had it.
 */
void
launcher_find(char *said, const struct process *process)
{
	char launcher[64] = "";
	pid_t parent = process->parent;

	*said = '\0';
	if (process->has_shim || process->has_variable || !process->is_reached)
		return;
	for (int i = 0; i < GENERATIONS_MOST && parent > 1; i++) {
		struct process above;
		bool has_shim;

		if (!process_open_pid(parent, &above))
			return;
		has_shim = above.has_shim && above.has_variable;
		if (above.refused == 0 &&
		    (*launcher == '\0' || launcher_remedy(launcher) == NULL)) {
			struct text text = text_in(launcher, sizeof(launcher));

			text_put(&text, above.name);
		}
		parent = above.parent;
		process_close(&above);
		if (has_shim) {
			say(said, launcher);
			return;
		}
	}
}
