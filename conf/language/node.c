/* SPDX-License-Identifier: MIT */
#include "node.h"

#include <string.h>

#include "text.h"

enum { LONGEST_VALUE = 512 };

const struct node *
node_first(const struct node *node)
{
	return node->size > 1 ? node + 1 : NULL;
}

const struct node *
node_next(const struct node *node, const struct node *member)
{
	const struct node *next = member + member->size;

	return next < node + node->size ? next : NULL;
}

const struct node *
node_member(const struct node *node, const char *key)
{
	const struct node *member = node_first(node);

	while (member != NULL && strcmp(member->key, key) != 0)
		member = node_next(node, member);
	return member;
}

bool
node_is_aggregate(const struct node *node)
{
	return node->type == NODE_GROUP || node->type == NODE_LIST || node->type == NODE_ARRAY;
}

/* The key of a node; a member of a list has that of its list. */
static const char *
key_of(const struct tree *tree, const struct node *node)
{
	const struct node *holder = node;

	while (holder > tree->node && (holder->key == NULL || holder + holder->size <= node))
		holder--;
	return holder->key;
}

bool
node_refuse(const struct tree *tree, const struct node *node, const char *message)
{
	diagnostic_at(
	    tree->diagnostics, tree->file, &node->value, "%s: %s", key_of(tree, node), message);
	return false;
}

bool
node_refuse_type(const struct tree *tree, const struct node *node, const char *allowed)
{
	static const char *const type_names[] = {
		[NODE_GROUP] = "a group { }",
		[NODE_LIST] = "a list ( )",
		[NODE_ARRAY] = "an array [ ]",
		[NODE_STRING] = "a string",
		[NODE_BOOLEAN] = "a boolean",
		[NODE_NUMBER] = "a number",
	};
	char message[200];
	struct text text = text_in(message, sizeof(message));

	text_put(&text, "this is ");
	text_put(&text, type_names[node->type]);
	text_put(&text, ", allowed is ");
	text_put(&text, allowed);
	return node_refuse(tree, node, message);
}

void
node_refuse_key(
    const struct tree *tree, const struct node *node, const char *const *keys, const char *problem)
{
	const char *meant = problem == NULL ? diagnostic_meant(node->key, keys) : NULL;

	if (meant != NULL)
		diagnostic_at(tree->diagnostics, tree->file, &node->name,
		    "%s: no such setting, did you mean \"%s\"?", node->key, meant);
	else
		diagnostic_at(tree->diagnostics, tree->file, &node->name, "%s: %s", node->key,
		    problem != NULL ? problem : "no such setting, kashim.conf(5) lists them");
}

bool
node_is_group(const struct tree *tree, const struct node *node)
{
	return node->type == NODE_GROUP ||
	       node_refuse_type(tree, node, "a group, { name = value; ... }");
}

bool
node_is_value(const struct tree *tree, const struct node *node, const char *allowed)
{
	if (node_is_aggregate(node))
		return node_refuse_type(tree, node, allowed);
	if (strlen(node->text) > LONGEST_VALUE)
		return node_refuse(tree, node, "this is too long, allowed are 512 bytes");
	for (const char *at = node->text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == '\x7f')
			return node_refuse(tree, node, "a control character is not allowed here");
	return true;
}

int
node_word(const struct tree *tree, const struct node *node, const char *const *words)
{
	char message[LONGEST_VALUE + 200];
	struct text error = text_in(message, sizeof(message));
	const char *meant;

	if (!node_is_value(tree, node, "a word in quotes"))
		return -1;
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], node->text) == 0)
			return i;
	meant = diagnostic_meant(node->text, words);
	text_put(&error, "\"");
	text_put(&error, node->text);
	text_put(&error, meant == NULL ? "\" is not allowed, allowed are"
				       : "\" is not allowed, did you mean \"");
	for (int i = 0; meant == NULL && words[i] != NULL; i++) {
		text_put(&error, i == 0 ? " \"" : ", \"");
		text_put(&error, words[i]);
		text_put(&error, "\"");
	}
	text_put(&error, meant == NULL ? "" : meant);
	text_put(&error, meant == NULL ? "" : "\"?");
	node_refuse(tree, node, message);
	return -1;
}
