/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "address.h"
#include "command.h"
#include "outside-json.h"
#include "outside-walk.h"
#include "terminal.h"

/* What was asked for on the command line. */
static struct {
	const char *conf;
	bool all, is_dry, is_json;
} asked;

struct apply_output {
	struct json json;
	uint32_t sockets, processes, refused;
	pid_t last;     /* the process of the socket before */
	pid_t unjudged; /* the last process that could not be judged, or 0 */
};

static void
print_end(FILE *out, const struct endpoint *endpoint, bool exists)
{
	char room[80];
	struct text text = text_in(room, sizeof(room));

	if (exists)
		address_put_endpoint(&text, endpoint);
	fprintf(out, " %s", exists ? room : "-");
}

static void
print_socket(FILE *out, const struct finding *finding)
{
	const struct outside_socket *socket = &finding->socket;

	fprintf(out, "%d ", (int)finding->pid);
	terminal_put(out, finding->program);
	print_end(out, &socket->local, socket->local.port != 0);
	print_end(out, &socket->remote, socket->remote.known);
	fputs(": ", out);
}

static void
print_change(const struct finding *finding, uint32_t changed, const struct settings *after)
{
	char room[400];
	struct text text = text_in(room, sizeof(room));

	print_socket(stdout, finding);
	verdict_put_options(&text, changed, &finding->socket.have, after);
	puts(room);
}

static void
put_objects(struct apply_output *output, const struct finding *finding, uint32_t changed,
    const struct settings *after)
{
	struct json *json = &output->json;

	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		if ((changed & UINT32_C(1) << option) == 0)
			continue;
		json_object(json);
		outside_json_name(json, finding);
		json_string(json, "option", option_table[option].key);
		json_option(json, "before", option, finding->socket.have.value[option]);
		json_option(json, "after", option, after->value[option]);
		json_boolean(json, "changed", !asked.is_dry);
	}
}

static void
print_refused(const struct finding *finding)
{
	char room[400];
	struct text text = text_in(room, sizeof(room));

	fputs("kashim: ", stderr);
	print_socket(stderr, finding);
	verdict_put_options(
	    &text, finding->refused, &finding->socket.have, &finding->verdict.wanted);
	fprintf(stderr, "%s: refused by the kernel\n", room);
}

/* Once for each process. */
static void
print_unjudged(struct apply_output *output, const struct finding *finding)
{
	if (finding->pid == output->unjudged)
		return;
	output->unjudged = finding->pid;
	fprintf(stderr, "kashim: %d ", (int)finding->pid);
	terminal_put(stderr, finding->program);
	fprintf(stderr, ": nothing was changed: %s\n", finding->note);
}

static void
show_change(const struct finding *finding, void *context)
{
	struct apply_output *output = context;
	uint32_t changed = asked.is_dry ? finding->verdict.lacking : finding->changed;
	const struct settings *after = asked.is_dry ? &finding->verdict.wanted : &finding->after;

	if (finding->verdict.standing == STANDING_UNKNOWN && *finding->note != '\0')
		print_unjudged(output, finding);
	if (finding->refused != 0) {
		output->refused++;
		print_refused(finding);
	}
	if (changed == 0)
		return;
	output->sockets++;
	output->processes += finding->pid != output->last;
	output->last = finding->pid;
	if (asked.is_json)
		put_objects(output, finding, changed, after);
	else
		print_change(finding, changed, after);
}

static void
print_summary(const struct apply_output *output)
{
	printf("%u socket%s of %u process%s %s\n", output->sockets, output->sockets == 1 ? "" : "s",
	    output->processes, output->processes == 1 ? "" : "es",
	    asked.is_dry ? "would be changed" : "changed");
}

static bool
walk_and_apply(struct walk *walk, char *const *operands, struct apply_output *output)
{
	bool good;

	if (asked.is_json)
		output->json = json_begin(stdout);
	walk->changes = !asked.is_dry;
	good = walk_sockets(walk, operands, show_change, output);
	if (asked.is_json)
		json_end(&output->json);
	else
		print_summary(output);
	good &= !walk_report(walk);
	return good && output->refused == 0 && output->unjudged == 0;
}

static int
run_apply(int count, char **operands)
{
	struct apply_output output = { 0 };
	struct walk walk = { 0 };
	bool good;

	/* Without operands nothing is changed: a whole host takes --all. */
	if (asked.all == (count != 0)) {
		fputs("kashim: which processes? name them, or say --all\n", stderr);
		return command_usage();
	}
	walk.policies.conf = asked.conf;
	good = policies_open(&walk.policies) && walk_and_apply(&walk, operands, &output);
	walk_free(&walk);
	return good ? STATUS_GOOD : STATUS_FAILED;
}

static const struct command_option apply_rows[] = {
	{ "all", NULL, "all processes", .flag = &asked.all },
	{ "dry-run", NULL, "show what would change, and change nothing", .flag = &asked.is_dry },
	COMMAND_JSON(&asked.is_json),
	COMMAND_CONF(&asked.conf),
	COMMAND_LAST,
};

const struct command command_apply = {
	.name = "apply",
	.summary = "put the policy on sockets that are open already",
	.run = run_apply,
	.options = apply_rows,
	.operands = "[PID | PROCESS]...",
	.description =
	    "Put the policy on TCP sockets that are open already, without a restart; static and Go\n"
	    "programs are reached, too. PROCESS is the name of a program, or a shell pattern for it.\n"
	    "Sockets that a program opens later are not changed, unless it runs under kashim or accepts\n"
	    "them from a listener that was.",
	.exit_status =
	    "0; 1 when the configuration is in error, a socket could not be reached, or there is\n"
	    "no such process; 2 wrong usage.",
};
