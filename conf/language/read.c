/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "allocate.h"
#include "place.h"
#include "text.h"

/*
 * The number that is written at a place, in decimal. libconfig keeps only 32 bits of it, so it is
 * taken from the text; a plus sign, hexadecimal and the L of a long are libconfig's to allow. A
 * number that does not fit stays as it is written; it is refused where the setting is read.
 */
static char *
number_text(const struct span *span)
{
	char *written = copy_or_exit(span->at, span->width);
	long long number;
	char *end;

	number = strtoll(written, &end, strncasecmp(written, "0x", 2) == 0 ? 16 : 10);
	if (end[strspn(end, "L")] == '\0' && number != INT64_MAX && number != INT64_MIN) {
		struct text text;

		written = allocate_or_exit(written, span->width + 24);
		text = text_in(written, span->width + 24);
		text_put_number(&text, number);
	}
	return written;
}

static void
fill_node(struct node *node, const config_setting_t *setting, const struct place *place)
{
	const char *string = config_setting_get_string(setting);
	const char *name = config_setting_name(setting);

	node->name = place->name;
	node->value = place->value;
	node->key = name == NULL ? NULL : copy_or_exit(name, strlen(name));
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		node->type = NODE_GROUP;
		break;
	case CONFIG_TYPE_LIST:
		node->type = NODE_LIST;
		break;
	case CONFIG_TYPE_ARRAY:
		node->type = NODE_ARRAY;
		break;
	case CONFIG_TYPE_STRING:
		node->type = NODE_STRING;
		node->text =
		    copy_or_exit(string == NULL ? "" : string, string == NULL ? 0 : strlen(string));
		break;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		node->type = NODE_NUMBER;
		node->text = number_text(&place->value);
		break;
	default:
		node->type =
		    config_setting_type(setting) == CONFIG_TYPE_BOOL ? NODE_BOOLEAN : NODE_NUMBER;
		node->text = copy_or_exit(place->value.at, place->value.width);
	}
}

/*
 * Both know the settings in the order of the text. Returns false where they do not agree on what
 * that is.
 */
static bool
fill_members(struct tree *tree, const config_setting_t *setting, const struct places *places)
{
	size_t holder = tree->count - 1;

	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
		const char *name = config_setting_name(member);
		const struct place *place = &places->place[tree->count - 1];

		if (tree->count > places->count)
			return false;
		if (name != NULL && (strlen(name) != place->name.width ||
					memcmp(name, place->name.at, place->name.width) != 0))
			return false;
		tree->node[tree->count] = (struct node){ .size = 1 };
		fill_node(&tree->node[tree->count++], member, place);
		if (config_setting_is_aggregate(member) && !fill_members(tree, member, places))
			return false;
	}
	tree->node[holder].size = tree->count - holder;
	return true;
}

static void
refuse_syntax(const struct tree *tree, const config_t *config, const char *text)
{
	struct span span = { .line = text, .number = (unsigned)config_error_line(config) };

	for (unsigned number = 1; number < span.number && strchr(span.line, '\n') != NULL; number++)
		span.line = strchr(span.line, '\n') + 1;
	span.at = span.line + strspn(span.line, " \t");
	span.width = strcspn(span.at, "\r\n");
	diagnostic_at(tree->diagnostics, tree->file, &span, "%s", config_error_text(config));
}

static bool
fill_tree(struct tree *tree, const char *text, const struct places *places)
{
	config_t config;
	bool filled = false;
	/* libconfig does not know a comment that ends with the text. */
	char *lines = format_or_exit("%s\n", text);

	config_init(&config);
	tree->node = allocate_or_exit(NULL, (places->count + 1) * sizeof(*tree->node));
	tree->node[0] = (struct node){ .type = NODE_GROUP, .size = 1 };
	tree->count = 1;
	if (config_read_string(&config, lines) != CONFIG_TRUE) {
		refuse_syntax(tree, &config, text);
	} else {
		filled = fill_members(tree, config_root_setting(&config), places) &&
			 tree->count == places->count + 1;
		if (!filled)
			diagnostic_in_file(tree->diagnostics, tree->file, "is not understood");
	}
	config_destroy(&config);
	free(lines);
	return filled;
}

bool
read_tree(const char *text, struct tree *tree)
{
	struct places places;
	bool filled;

	tree->node = NULL;
	tree->count = 0;
	filled = place_scan(tree->file, text, &places, tree->diagnostics) &&
		 fill_tree(tree, text, &places);
	place_free(&places);
	if (!filled)
		read_free(tree);
	return filled;
}

void
read_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->node[i].key);
		free(tree->node[i].text);
	}
	free(tree->node);
	tree->node = NULL;
	tree->count = 0;
}
