/* SPDX-License-Identifier: MIT */
#include "explain.h"

#include <stdint.h>
#include <string.h>

#include "address.h"
#include "allocate.h"
#include "retransmit.h"

enum { DURATION_LONGEST = 32, BAR = 46, PROBES_DRAWN = 10, LABEL = 10 };

/* What a timeline is drawn with. */
struct pen {
	const char *start, *line, *between, *end;
};
static const struct pen ascii = { "|", "-", "|", "x" };
static const struct pen box = { "├", "─", "┼", "×" };

static void
print_member(FILE *out, const struct policy *policy, enum condition condition, const uint32_t *word)
{
	char name[80];
	struct text text = text_in(name, sizeof(name));
	struct network network;

	switch (condition) {
	case CONDITION_PROGRAM:
	case CONDITION_ARGUMENT:
		fputs(policy->strings + *word, out);
		return;
	case CONDITION_REMOTE:
	case CONDITION_LOCAL:
		memcpy(&network, word, sizeof(network));
		address_put_network(&text, &network);
		break;
	case CONDITION_REMOTE_PORT:
	case CONDITION_LOCAL_PORT:
		text_put_number(&text, *word >> 16);
		if (*word >> 16 != (*word & 0xffff)) {
			text_put(&text, "-");
			text_put_number(&text, *word & 0xffff);
		}
		break;
	default:
		text_put_number(&text, *word);
	}
	fputs(name, out);
}

static void
print_rule(FILE *out, const struct policy *policy, const struct rule *rule)
{
	const char *separator = "";

	if (rule->direction != DIRECTION_ANY) {
		fprintf(out, "direction %s", direction_names[rule->direction]);
		separator = ", ";
	}
	for (enum condition condition = 0; condition < CONDITION_COUNT; condition++) {
		bool is_network = condition == CONDITION_REMOTE || condition == CONDITION_LOCAL;
		const uint32_t *word = policy->words + rule->condition[condition];
		uint32_t count = *word++;

		if (count == 0)
			continue;
		fprintf(out, "%s%s ", separator, condition_keys[condition]);
		for (uint32_t i = 0; i < count; i++, word += is_network ? NETWORK_WORDS : 1) {
			fputs(i == 0 ? "" : ",", out);
			print_member(out, policy, condition, word);
		}
		separator = ", ";
	}
	if (*separator == '\0')
		fputs(rule == &policy->rules[policy->rule_count - 1] ? "defaults" : "every program",
		    out);
}

char *
explain_rule(const struct policy *policy, const struct rule *rule)
{
	size_t size;
	char *string;
	FILE *out = stream_or_exit(&string, &size);

	print_rule(out, policy, rule);
	fclose(out);
	return string;
}

static void
print_endpoint_fact(FILE *out, enum condition condition, const struct endpoint *endpoint)
{
	const char *key = condition_keys[condition];
	char name[80];
	struct text text = text_in(name, sizeof(name));

	address_put_endpoint(&text, endpoint);
	fprintf(out, "%s is not like that: %s", key, endpoint->known ? name : "not known");
}

/* The fact because of which a condition does not hold. */
static void
print_fact(FILE *out, enum condition condition, const struct facts *facts)
{
	size_t arguments = 0;

	switch (condition) {
	case CONDITION_PROGRAM:
		fprintf(out, "program is %s", facts->executed == NULL ? "?" : facts->executed);
		break;
	case CONDITION_ARGUMENT:
		for (size_t i = 0; i < facts->arguments_size; i++)
			arguments += facts->arguments[i] == '\0';
		if (arguments <= 1)
			fputs("argument: there is none", out);
		else
			fprintf(out, "argument: none of %zu is like that", arguments - 1);
		break;
	case CONDITION_USER:
		fprintf(out, "user is %u", facts->user);
		break;
	case CONDITION_REMOTE:
	case CONDITION_REMOTE_PORT:
		print_endpoint_fact(out, condition, &facts->remote);
		break;
	default:
		print_endpoint_fact(out, condition, &facts->local);
	}
}

char *
explain_why_not(const struct policy *policy, const struct rule *rule, const struct facts *facts)
{
	enum condition condition = 0;
	size_t size;
	char *string;
	FILE *out = stream_or_exit(&string, &size);

	while (condition <= CONDITION_USER && policy_holds(policy, rule, condition, facts))
		condition++;
	if (condition > CONDITION_USER && facts->direction == DIRECTION_ANY) {
		fputs("waits for a connection, see --connect and --accept", out);
	} else if (condition > CONDITION_USER && rule->direction != DIRECTION_ANY &&
		   rule->direction != facts->direction) {
		fprintf(out, "direction is %s", direction_names[facts->direction]);
	} else {
		while (condition < CONDITION_COUNT && policy_holds(policy, rule, condition, facts))
			condition++;
		print_fact(out, condition, facts);
	}
	fclose(out);
	return string;
}

void
explain_settings(FILE *out, const struct settings *settings)
{
	if (settings->mode == MODE_OFF) {
		fputs("nothing, sockets are left alone", out);
		return;
	}
	fputs(settings->value[OPTION_KEEPALIVE] == 0 ? "keepalive off" : "keepalive on", out);
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];
		char value[40];
		struct text text = text_in(value, sizeof(value));

		if (option == OPTION_KEEPALIVE || option == OPTION_RETRANSMIT_MAX ||
		    row->name == 0 || settings->value[option] == VALUE_UNSET)
			continue;
		option_put(&text, option, settings->value[option]);
		fprintf(out, ", %s %s", row->key, value);
	}
}

/* What helps where the kernel has no retransmit_max, and what it costs. */
static void
print_in_flight_remedies(FILE *out, const struct settings *settings)
{
	int64_t dead = settings_dead_after(settings);
	uint32_t retries = 1;
	char silence[DURATION_LONGEST], end[DURATION_LONGEST];
	struct text text = text_in(silence, sizeof(silence));
	struct host_tcp host;

	if (dead < 0)
		return;
	while (retries < RETRANSMIT_RETRIES &&
	       host_tcp_in_flight_after(&(struct host_tcp){ retries }, settings) < dead)
		retries++;
	host = (struct host_tcp){ retries };
	text_put_duration(&text, dead);
	text = text_in(end, sizeof(end));
	text_put_duration(&text, host_tcp_in_flight_after(&host, settings));
	fprintf(out,
	    "          user_timeout = \"auto\" would end them after %s, and live connections whose peer does not read for as long\n"
	    "          sysctl net.ipv4.tcp_retries2=%u would end them after about %s, for every program of this host\n",
	    silence, retries, end);
}

void
explain_in_flight(FILE *out, const struct settings *settings, const struct host_tcp *host)
{
	int32_t user_timeout = settings->value[OPTION_USER_TIMEOUT];
	int32_t longest = settings->value[OPTION_RETRANSMIT_MAX];
	char word[DURATION_LONGEST];
	struct text text = text_in(word, sizeof(word));

	text_put_duration(&text, host_tcp_in_flight_after(host, settings));
	fprintf(out, "in flight unanswered data end after %s%s ", user_timeout > 0 ? "" : "about ",
	    word);
	if (user_timeout > 0) {
		fputs("(user_timeout), and so does a live peer that does not read\n", out);
	} else if (!host->has_retransmit_max) {
		fputs("(this kernel has no retransmit_max, Linux 6.15 has)\n", out);
		print_in_flight_remedies(out, settings);
	} else if (longest == VALUE_UNSET) {
		fputs("(the kernel's own time)\n", out);
	} else {
		fprintf(out, "(retransmit_max %g s)\n", longest / 1000.0);
	}
}

static void
print_times(FILE *out, const char *string, size_t count)
{
	for (; count != 0; count--)
		fputs(string, out);
}

static void
print_bar(FILE *out, const struct pen *pen, const char *word, size_t width)
{
	size_t dashes = width - 2 - strlen(word);

	fputs(pen->start, out);
	print_times(out, pen->line, dashes / 2);
	fputs(word, out);
	print_times(out, pen->line, dashes - dashes / 2);
	fputs(pen->between, out);
}

static void
print_probes(FILE *out, const struct pen *pen, int64_t count)
{
	bool many = count > PROBES_DRAWN;

	for (int64_t i = 0; i < (many ? 3 : count); i++)
		fprintf(out, "p%s", pen->between);
	if (many)
		fprintf(
		    out, ".. %lld more ..%sp%s", (long long)count - 4, pen->between, pen->between);
	fputs(pen->end, out);
}

/* 46 columns, fewer on a narrower terminal, but never less than the words need. */
static size_t
bar_width(size_t columns, size_t rest, size_t word)
{
	size_t width = columns > rest ? columns - rest : 0;

	if (width > BAR)
		width = BAR;
	return width < word + 4 ? word + 4 : width;
}

static void
print_line(FILE *out, const struct settings *settings, const struct terminal *terminal)
{
	const struct pen *pen = terminal->utf8 ? &box : &ascii;
	int64_t dead = settings_dead_after(settings);
	int64_t count = (dead - settings->value[OPTION_IDLE]) / settings->value[OPTION_INTERVAL];
	char idle_word[DURATION_LONGEST], dead_word[DURATION_LONGEST];
	struct text idle_text = text_in(idle_word, sizeof(idle_word));
	struct text dead_text = text_in(dead_word, sizeof(dead_word));
	size_t probes = count > PROBES_DRAWN ? 32 : 2 * (size_t)count + 1;

	text_put(&idle_text, " idle ");
	text_put_duration(&idle_text, settings->value[OPTION_IDLE]);
	text_put(&idle_text, " ");
	text_put(&dead_text, " dead at ");
	text_put_duration(&dead_text, dead);
	print_times(out, " ", LABEL);
	print_bar(out, pen, idle_word,
	    bar_width(terminal->columns, LABEL + probes + dead_text.used, idle_text.used));
	print_probes(out, pen, count);
	fprintf(out, "%s\n", dead_word);
}

void
explain_timeline(FILE *out, const struct settings *settings, const struct terminal *terminal)
{
	int32_t idle = settings->value[OPTION_IDLE];
	int32_t path_timeout = settings->value[OPTION_PATH_TIMEOUT];
	double probes = 3600.0 / idle;
	char word[DURATION_LONGEST];
	struct text text = text_in(word, sizeof(word));

	print_line(out, settings, terminal);
	if (path_timeout != VALUE_UNSET) {
		text_put_duration(&text, path_timeout);
		fprintf(out, "path      forgets a silent connection after %s: ", word);
		if (idle >= path_timeout)
			fprintf(out, "too slow, the first probe comes after %d s\n", idle);
		else
			fprintf(out, "the first probe comes at %d %% of that\n",
			    (int)((int64_t)idle * 100 / path_timeout));
	}
	if (probes < 1)
		fprintf(out, "traffic   a probe every %.1f hours on a silent connection\n",
		    idle / 3600.0);
	else
		fprintf(out,
		    "traffic   %.0f probes an hour on a silent connection, about %.1f kB each way\n",
		    probes, probes * EXPLAIN_PROBE_BYTES / 1000);
}
