/* SPDX-License-Identifier: MIT */
#include "explain.h"

#include <string.h>

#include "address.h"

enum { DURATION_LONGEST = 32, BAR = 46, PROBES_DRAWN = 10 };

/* A probe and its answer: 20 bytes IPv4, 20 bytes TCP, 12 bytes timestamps; RFC 9293, RFC 7323. */
enum { PROBE_BYTES = 52 };

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

void
explain_rule(FILE *out, const struct policy *policy, const struct rule *rule)
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

void
explain_settings(FILE *out, const struct settings *settings)
{
	if (settings->mode == MODE_OFF) {
		fputs("nothing, sockets are left alone", out);
		return;
	}
	fputs("keepalive on", out);
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];
		char value[40];
		struct text text = text_in(value, sizeof(value));

		if (row->key == NULL || row->name == 0 || settings->value[option] == VALUE_UNSET)
			continue;
		option_put(&text, option, settings->value[option]);
		fprintf(out, ", %s %s", row->key, value);
	}
}

static void
print_bar(FILE *out, int32_t idle)
{
	char word[DURATION_LONGEST];
	struct text text = text_in(word, sizeof(word));
	size_t left, right;

	text_put(&text, " idle ");
	text_put_duration(&text, idle);
	text_put(&text, " ");
	left = (BAR - 2 - text.used) / 2;
	right = BAR - 2 - text.used - left;
	fputc('|', out);
	for (size_t i = 0; i < left; i++)
		fputc('-', out);
	fputs(word, out);
	for (size_t i = 0; i < right; i++)
		fputc('-', out);
	fputc('|', out);
}

static void
print_probes(FILE *out, int64_t count)
{
	if (count > PROBES_DRAWN) {
		fprintf(out, "p|p|p|.. %lld more ..|p|x", (long long)count - 4);
		return;
	}
	for (int64_t i = 0; i < count; i++)
		fputs("p|", out);
	fputc('x', out);
}

void
explain_timeline(FILE *out, const struct settings *settings)
{
	int32_t idle = settings->value[OPTION_IDLE];
	int32_t path_timeout = settings->value[OPTION_PATH_TIMEOUT];
	char word[DURATION_LONGEST];
	struct text text = text_in(word, sizeof(word));
	double probes = 3600.0 / idle;
	int64_t dead = settings_dead_after(settings);

	text_put_duration(&text, dead);
	fputs("          ", out);
	print_bar(out, idle);
	print_probes(out, (dead - idle) / settings->value[OPTION_INTERVAL]);
	fprintf(out, " dead at %s\n", word);
	if (path_timeout != VALUE_UNSET) {
		text = text_in(word, sizeof(word));
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
		    "traffic   %.0f probes an hour on a silent connection, about %.1f kB each "
		    "way\n",
		    probes, probes * PROBE_BYTES / 1000);
}
