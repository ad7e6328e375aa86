/* SPDX-License-Identifier: MIT */
#include "condition.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

/* The ] that ends a bracket expression, or NULL: fnmatch(3), glob(7). `at` is its [. */
static const char *
bracket_end(const char *at)
{
	at += at[1] == '!' || at[1] == '^' ? 2 : 1;
	if (*at == ']')
		at++;
	for (; *at != '\0' && *at != ']'; at++) {
		const char kind = at[1];
		const char *end;

		if (*at == '\\' && kind != '\0')
			at++;
		if (*at != '[' || (kind != ':' && kind != '.' && kind != '='))
			continue;
		for (end = at + 2; *end != '\0' && !(end[0] == kind && end[1] == ']');)
			end++;
		if (*end != '\0')
			at = end + 1;
	}
	return *at == ']' ? at : NULL;
}

/* fnmatch(3) takes a bracket or backslash without its partner literally; here it is an error. */
static const char *
why_bad_pattern(enum condition condition, const char *pattern)
{
	if (*pattern == '\0')
		return "an empty pattern matches nothing, leave it out";
	for (const char *at = pattern; *at != '\0'; at++) {
		if (*at == '[') {
			at = bracket_end(at);
			if (at == NULL)
				return "[ has no ], write \\\\[ for the character itself";
		} else if (*at == '\\' && *++at == '\0') {
			return "the pattern ends in a backslash, write \\\\\\\\ for the character itself";
		}
	}
	if (condition == CONDITION_PROGRAM && strchr(pattern, '/') != NULL &&
	    strchr("/*?[", *pattern) == NULL)
		return "a pattern with a / is for the whole path, so it has to start with / or *";
	return NULL;
}

static bool
read_user(const char *name, uint32_t *user, struct text *error)
{
	const struct passwd *entry;
	unsigned long long number;
	char *end;

	number = strtoull(name, &end, 10);
	if (*name >= '0' && *name <= '9' && *end == '\0' && number < UINT32_MAX) {
		*user = (uint32_t)number;
		return true;
	}
	entry = getpwnam(name);
	if (entry != NULL) {
		*user = entry->pw_uid;
		return true;
	}
	text_put(error, "there is no user \"");
	text_put(error, name);
	text_put(error, "\", allowed are names and numbers of users");
	return false;
}

/* Append the words of one member of a condition. */
static bool
read_member(struct build *build, enum condition condition, const char *value, uint32_t *words,
    uint32_t room, uint32_t *used, struct text *error)
{
	struct network network;
	const char *bad;

	switch (condition) {
	case CONDITION_REMOTE_PORT:
	case CONDITION_LOCAL_PORT:
		return address_read_ports(value, words, room, used, error);
	case CONDITION_REMOTE:
	case CONDITION_LOCAL:
		if (!address_read_network(value, &network, error))
			return false;
		memcpy(words + *used, &network, sizeof(network));
		*used += NETWORK_WORDS;
		return true;
	case CONDITION_USER:
		return read_user(value, &words[(*used)++], error);
	default:
		bad = why_bad_pattern(condition, value);
		text_put(error, bad == NULL ? "" : bad);
		words[(*used)++] = bad == NULL ? build_string(build, value) : 0;
		return bad == NULL;
	}
}

/* Whether a member has the right type for the condition; if not, a diagnostic is added. */
static bool
is_member(const struct tree *tree, const struct node *node, enum condition condition)
{
	bool is_pattern = condition == CONDITION_PROGRAM || condition == CONDITION_ARGUMENT;

	if (is_pattern && !node_is_aggregate(node) && node->type != NODE_STRING)
		return node_refuse_type(tree, node, "a shell pattern in quotes");
	return node_is_value(tree, node, "a single value, or a list of them");
}

enum condition
condition_named(const char *key)
{
	enum condition condition = 0;

	while (condition < CONDITION_COUNT && strcmp(condition_keys[condition], key) != 0)
		condition++;
	return condition;
}

uint32_t
condition_read(
    const struct tree *tree, const struct node *node, enum condition condition, struct build *build)
{
	bool is_list = node->type == NODE_LIST || node->type == NODE_ARRAY;
	bool is_address = condition == CONDITION_REMOTE || condition == CONDITION_LOCAL;
	uint32_t size = is_address ? NETWORK_WORDS : 1;
	uint32_t words[1 + CONDITION_MEMBERS * NETWORK_WORDS];
	uint32_t count = 0, used = 0;

	for (const struct node *member = is_list ? node_first(node) : node; member != NULL;
	     member = is_list ? node_next(node, member) : NULL) {
		char message[700];
		struct text error = text_in(message, sizeof(message));

		if (count++ == CONDITION_MEMBERS) {
			node_refuse(
			    tree, node, "this list is too long, give some of it to a second rule");
			return 0;
		}
		if (is_member(tree, member, condition) &&
		    !read_member(build, condition, member->text, words + 1,
			CONDITION_MEMBERS * size, &used, &error))
			node_refuse(tree, member, message);
	}
	if (count == 0)
		node_refuse(tree, node, "an empty list matches nothing, leave it out");
	if (used == 0)
		return 0;
	words[0] = used / size;
	return build_words(build, words, used + 1);
}
