/* SPDX-License-Identifier: MIT */
#include "explain-rule.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "allocate.h"

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
