/* SPDX-License-Identifier: MIT */
#include "group.h"

#include <string.h>

#include "condition.h"

/* The keys that a group of this kind may hold. */
static void
list_keys(enum group_kind kind, const char **keys)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		*keys++ = option_table[option].key;
	if (kind != GROUP_PROFILE) {
		*keys++ = "mode";
		*keys++ = "profile";
	}
	if (kind == GROUP_RULE) {
		for (enum condition condition = 0; condition < CONDITION_COUNT; condition++)
			*keys++ = condition_keys[condition];
		*keys++ = "direction";
	}
	*keys = NULL;
}

static void
refuse_key(const struct tree *tree, const struct node *node, enum group_kind kind)
{
	const char *keys[OPTION_COUNT + CONDITION_COUNT + 4];
	const char *problem = NULL;

	if (strcmp(node->key, "mode") == 0 || strcmp(node->key, "profile") == 0)
		problem = "is for rules and defaults, a profile cannot have it";
	if (condition_named(node->key) != CONDITION_COUNT || strcmp(node->key, "direction") == 0)
		problem = "is a condition, only a rule can have it";
	list_keys(kind, keys);
	node_refuse_key(tree, node, keys, problem);
}

static void
read_option(const struct tree *tree, const struct node *node, enum option_id option, int32_t *value)
{
	char message[700];
	struct text error = text_in(message, sizeof(message));

	if (node_is_value(tree, node, "a single value") &&
	    !option_read(&option_table[option], node->text, strlen(node->text), value, &error))
		node_refuse(tree, node, message);
}

static uint32_t
read_mode(const struct tree *tree, const struct node *node)
{
	const char *const words[] = { mode_name(MODE_TIGHTEN), mode_name(MODE_FORCE),
		mode_name(MODE_SUGGEST), mode_name(MODE_OFF), NULL };
	int word = node_word(tree, node, words);

	return word == -1 ? MODE_UNSET : MODE_TIGHTEN + (uint32_t)word;
}

static uint32_t
read_direction(const struct tree *tree, const struct node *node)
{
	const char *const words[] = { direction_names[DIRECTION_CONNECT],
		direction_names[DIRECTION_ACCEPT], NULL };
	int word = node_word(tree, node, words);

	return word == -1 ? DIRECTION_ANY : DIRECTION_CONNECT + (uint32_t)word;
}

static void
read_member(const struct tree *tree, const struct node *node, enum group_kind kind, uint32_t file,
    struct build *build, struct group *group)
{
	struct origin origin = { file, node->value.number };
	enum option_id option = option_named(node->key, strlen(node->key));
	enum condition condition = condition_named(node->key);

	if (option != OPTION_COUNT) {
		group->origins.value[option] = origin;
		read_option(tree, node, option, &group->settings.value[option]);
	} else if (kind != GROUP_PROFILE && strcmp(node->key, "mode") == 0) {
		group->origins.mode = origin;
		group->settings.mode = read_mode(tree, node);
	} else if (kind != GROUP_PROFILE && strcmp(node->key, "profile") == 0) {
		group->profile = node;
	} else if (kind == GROUP_RULE && strcmp(node->key, "direction") == 0) {
		group->direction = read_direction(tree, node);
	} else if (kind == GROUP_RULE && condition != CONDITION_COUNT) {
		group->condition[condition] = condition_read(tree, node, condition, build);
	} else {
		refuse_key(tree, node, kind);
	}
}

struct group
group_read(const struct tree *tree, const struct node *node, enum group_kind kind, uint32_t file,
    struct build *build)
{
	struct group group = { .settings = settings_unset() };
	uint32_t derived;

	for (const struct node *member = node_first(node); member != NULL;
	     member = node_next(node, member))
		read_member(tree, member, kind, file, build, &group);

	/* What path_timeout gives stands where path_timeout stands. */
	derived = settings_derive(&group.settings);
	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		if ((derived & UINT32_C(1) << option) != 0)
			group.origins.value[option] = group.origins.value[OPTION_PATH_TIMEOUT];
	return group;
}
