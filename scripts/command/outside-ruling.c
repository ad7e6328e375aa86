/* SPDX-License-Identifier: MIT */
#include "outside-ruling.h"

#include <string.h>

#include "allocate.h"
#include "command.h"
#include "outside-file.h"
#include "profile.h"

bool
policies_open(struct policies *policies)
{
	policies->conf = command_conf(policies->conf);
	policies->good = command_read("", policies->conf, &policies->configuration);
	return policies->good;
}

void
policies_free(struct policies *policies)
{
	configuration_free(&policies->configuration);
}

/* The path of the configuration as people write it, who are not where the process is. */
static void
put_conf(struct text *text, const struct process *process, const char *conf)
{
	char here[PATH_LONGEST];

	if (*conf == '/' || !file_read_link(process->directory, "cwd", here))
		text_put(text, conf);
	else
		path_put_absolute(text, here, conf);
}

/* The configuration that the shim has read in there; NULL where it is the caller's. */
static const char *
own_conf(const struct policies *policies, const struct process *process)
{
	if (!process->has_shim)
		return NULL;
	if (process->is_elsewhere)
		return process->conf == NULL ? PATH_CONF_DEFAULT : process->conf;
	if (process->conf == NULL || strcmp(process->conf, policies->conf) == 0)
		return NULL;
	return process->conf;
}

static bool
read_own(struct ruling *ruling, const struct process *process, const char *conf)
{
	struct text broken = text_in(ruling->broken, sizeof(ruling->broken));

	switch (foreign_read(&ruling->foreign, process, conf)) {
	case FOREIGN_READ:
		ruling->policy = ruling->foreign.policy;
		return true;
	case FOREIGN_WRONG:
		put_conf(&broken, process, conf);
		return false;
	case FOREIGN_REFUSED:
		ruling->unknown = "its configuration cannot be read with its rights";
		return false;
	case FOREIGN_TOO_LARGE:
		ruling->unknown = "its configuration is too large";
	}
	return false;
}

static bool
take_callers(struct ruling *ruling, const struct policies *policies)
{
	struct text broken = text_in(ruling->broken, sizeof(ruling->broken));

	if (!policies->good) {
		text_put(&broken, policies->conf);
		return false;
	}
	ruling->policy = build_policy(&policies->configuration.build);
	return true;
}

/* The rules that are left do not look at the program any more. */
static void
narrow(struct ruling *ruling, const struct process *process)
{
	struct policy *policy = &ruling->policy;
	struct facts facts = process_facts(process);

	ruling->rules = allocate_or_exit(NULL, (policy->rule_count + 1) * sizeof(*ruling->rules));
	policy->rule_count = policy_narrow(policy, ruling->rules, &facts);
	policy->rules = ruling->rules;
}

void
ruling_make(struct ruling *ruling, const struct policies *policies, const struct process *process)
{
	const char *conf = own_conf(policies, process);
	char message[600];
	struct text error = text_in(message, sizeof(message));

	*ruling = (struct ruling){ 0 };
	if (conf == NULL ? !take_callers(ruling, policies) : !read_own(ruling, process, conf))
		return;
	/* The reader of a process's own configuration looks at nothing else. */
	ruling->policy.retries = policies->configuration.build.retries;
	if (process->line != NULL &&
	    profile_read_line(&ruling->policy, process->line, &ruling->of_line, &error))
		ruling->line = process->line;
	narrow(ruling, process);
}
