/* SPDX-License-Identifier: MIT */
#include "configuration.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "profile.h"
#include "read.h"

/* One file while it is read. */
struct source_file {
	struct tree tree; /* empty where it could not be read */
	uint32_t name;    /* its absolute path: a string of the policy */
};

struct reader {
	struct configuration *configuration;
	struct build *build;
	struct source_file *files; /* as many as documents */
	struct settings defaults;
	struct origins default_origins;
	struct origin defaults_at;
	struct origins *profile_origins; /* as many as profiles */
	bool is_full;                    /* there were more rules than a policy can have */
};

/* Fill `to` from settings that stand further away: values, and where they come from. */
static void
merge(struct settings *to, struct origins *to_origins, const struct settings *from,
    const struct origins *origins)
{
	bool takes_mode = to->mode == MODE_UNSET;
	uint32_t filled = settings_fill(to, from);

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		if ((filled & UINT32_C(1) << option) != 0)
			to_origins->value[option] = origins->value[option];
	if (takes_mode)
		to_origins->mode = origins->mode;
}

/* Say that there is no such profile, with the one that may have been meant. */
static void
refuse_profile(const struct reader *reader, const struct tree *tree, const struct node *node)
{
	const struct build *build = reader->build;
	const char **names =
	    allocate_or_exit(NULL, (BUILTIN_PROFILES + build->profile_count + 1) * sizeof(*names));
	const char **name = names;
	const char *meant;
	char message[700];
	struct text error = text_in(message, sizeof(message));

	for (uint32_t i = 0; i < build->profile_count; i++)
		*name++ = build->strings + build->profiles[i].name;
	for (size_t i = 0; i < BUILTIN_PROFILES; i++)
		*name++ = builtin_profiles[i].name;
	*name = NULL;
	meant = diagnostic_meant(node->text, names);
	text_put(&error, "there is no profile \"");
	text_put(&error, node->text);
	text_put(&error,
	    meant == NULL ? "\", 'kashim profiles' lists those built in" : "\", did you mean \"");
	text_put(&error, meant == NULL ? "" : meant);
	text_put(&error, meant == NULL ? "" : "\"?");
	node_refuse(tree, node, message);
	free(names);
}

/* Fill settings from the profile that a setting names. */
static void
merge_profile(struct reader *reader, const struct source_file *file, const struct node *node,
    struct settings *settings, struct origins *origins)
{
	struct policy policy = build_policy(reader->build);
	struct origin here = { file->name, node->value.number };
	struct origins profile_origins;
	struct settings profile;

	if (!node_is_value(&file->tree, node, "the name of a profile"))
		return;
	if (!profile_find(&policy, node->text, strlen(node->text), &profile)) {
		refuse_profile(reader, &file->tree, node);
		return;
	}
	/* A built-in profile has no lines: its values stand where it is named. */
	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		profile_origins.value[option] = here;
	profile_origins.mode = here;
	for (uint32_t i = 0; i < policy.profile_count; i++)
		if (strcmp(policy.strings + policy.profiles[i].name, node->text) == 0)
			profile_origins = reader->profile_origins[i];
	if (settings->profile == 0)
		settings->profile = build_string(reader->build, node->text);
	merge(settings, origins, &profile, &profile_origins);
}

static void
read_profile(struct reader *reader, const struct source_file *file, const struct node *node)
{
	struct build *build = reader->build;
	struct profile profile;
	struct group group;

	if (!node_is_group(&file->tree, node))
		return;
	group = group_read(&file->tree, node, GROUP_PROFILE, file->name, build);
	for (uint32_t i = 0; i < build->profile_count; i++)
		if (strcmp(build->strings + build->profiles[i].name, node->key) == 0)
			return; /* the first one wins */
	profile.name = build_string(build, node->key);
	profile.settings = build_settings(build, &group.settings);
	build_profile(build, &profile);
	reader->profile_origins =
	    grow_or_exit(reader->profile_origins, build->profile_count - 1, sizeof(group.origins));
	reader->profile_origins[build->profile_count - 1] = group.origins;
}

static void
read_profiles(struct reader *reader, const struct source_file *file, const struct node *node)
{
	if (!node_is_group(&file->tree, node))
		return;
	for (const struct node *profile = node_first(node); profile != NULL;
	     profile = node_next(node, profile))
		read_profile(reader, file, profile);
}

static void
read_defaults(struct reader *reader, const struct source_file *file, const struct node *node)
{
	struct group group;

	if (!node_is_group(&file->tree, node))
		return;
	group = group_read(&file->tree, node, GROUP_DEFAULTS, file->name, reader->build);
	merge(&reader->defaults, &reader->default_origins, &group.settings, &group.origins);
	if (reader->defaults_at.line == 0)
		reader->defaults_at = (struct origin){ file->name, node->name.number };
}

static void
read_log(struct reader *reader, const struct source_file *file, const struct node *node)
{
	static const char *const words[] = { "stderr", "syslog", "none", "/path/of/a/file", NULL };

	if (node_is_aggregate(node) || *node->text != '/') {
		if (node_word(&file->tree, node, words) == -1)
			return;
	} else if (!node_is_value(&file->tree, node, "a path")) {
		return;
	}
	if (reader->build->log == 0)
		reader->build->log = build_string(reader->build, node->text);
}

/* First pass: all but the rules, since a rule may use a profile that stands further down. */
static void
read_top(struct reader *reader, const struct source_file *file, const struct node *node)
{
	static const char *const keys[] = { "defaults", "profiles", "rules", "log", NULL };
	const char *problem = NULL;

	if (strcmp(node->key, "defaults") == 0) {
		read_defaults(reader, file, node);
	} else if (strcmp(node->key, "profiles") == 0) {
		read_profiles(reader, file, node);
	} else if (strcmp(node->key, "log") == 0) {
		read_log(reader, file, node);
	} else if (strcmp(node->key, "rules") == 0) {
		if (node->type != NODE_LIST)
			node_refuse_type(
			    &file->tree, node, "a list of groups, ( { ... }, { ... } )");
	} else {
		if (option_named(node->key, strlen(node->key)) != OPTION_COUNT ||
		    strcmp(node->key, "mode") == 0)
			problem = "stands outside of a group, write it into defaults: { ... };";
		node_refuse_key(&file->tree, node, keys, problem);
	}
}

/*
 * Between the passes, when all profiles are known: the one that `defaults` names. The first one of
 * all files counts, the others only have to exist.
 */
static void
read_default_profile(struct reader *reader, const struct source_file *file, const struct node *node)
{
	const struct node *profile = NULL;
	struct settings unused = settings_unset();
	struct origins nowhere;

	if (strcmp(node->key, "defaults") == 0 && node->type == NODE_GROUP)
		profile = node_member(node, "profile");
	if (profile == NULL)
		return;
	if (reader->defaults.profile == 0)
		merge_profile(reader, file, profile, &reader->defaults, &reader->default_origins);
	else
		merge_profile(reader, file, profile, &unused, &nowhere);
}

/* Fill what no text says about `defaults` from the built-in policy. */
static void
complete_defaults(struct reader *reader)
{
	static const struct origins nowhere;
	struct settings builtin = settings_builtin();

	merge(&reader->defaults, &reader->default_origins, &builtin, &nowhere);
	reader->build->defaults = build_settings(reader->build, &reader->defaults);
}

static void
append_rule(struct reader *reader, const struct rule *rule, const struct origins *origins)
{
	uint32_t at = build_rule(reader->build, rule);
	struct origins **all = &reader->configuration->origins;

	*all = grow_or_exit(*all, at, sizeof(**all));
	(*all)[at] = *origins;
}

/* Second pass. */
static void
read_rule(struct reader *reader, const struct source_file *file, const struct node *node)
{
	struct rule rule = { .file = file->name, .line = node->value.number };
	struct group group;

	if (!node_is_group(&file->tree, node))
		return;
	/* One diagnostic, not one for each rule too many. */
	if (reader->build->rule_count == POLICY_RULES_MOST - 1) {
		if (!reader->is_full)
			node_refuse(&file->tree, node,
			    "there are too many rules, a policy has at most 65,534");
		reader->is_full = true;
		return;
	}
	group = group_read(&file->tree, node, GROUP_RULE, file->name, reader->build);
	if (group.profile != NULL)
		merge_profile(reader, file, group.profile, &group.settings, &group.origins);
	/* Where `defaults` is off, a rule without a mode means to switch something on. */
	if (group.settings.mode == MODE_UNSET && reader->defaults.mode == MODE_OFF) {
		group.settings.mode = MODE_TIGHTEN;
		group.origins.mode = (struct origin){ rule.file, rule.line };
	}
	merge(&group.settings, &group.origins, &reader->defaults, &reader->default_origins);
	rule.settings = build_settings(reader->build, &group.settings);
	rule.direction = group.direction;
	memcpy(rule.condition, group.condition, sizeof(rule.condition));
	append_rule(reader, &rule, &group.origins);
}

static void
append_defaults(struct reader *reader)
{
	struct rule last = {
		.settings = reader->build->defaults,
		.file = reader->defaults_at.file,
		.line = reader->defaults_at.line,
	};

	append_rule(reader, &last, &reader->default_origins);
}

typedef void visit_member(struct reader *, const struct source_file *, const struct node *);

/* Visit the members of a setting, or of everything, in each file that could be read. */
static void
visit(struct reader *reader, const char *key, visit_member *visit_one)
{
	for (size_t i = 0; i < reader->configuration->documents.count; i++) {
		const struct source_file *file = &reader->files[i];
		const struct node *node = file->tree.node;

		if (node != NULL && key != NULL)
			node = node_member(node, key);
		if (node == NULL || (key != NULL && node->type != NODE_LIST))
			continue;
		for (const struct node *member = node_first(node); member != NULL;
		     member = node_next(node, member))
			visit_one(reader, file, member);
	}
}

/* Record what the file or directory was like, so that its age can be noticed. */
static void
record_source(struct build *build, const struct document *document, enum source_kind kind)
{
	const struct stat *stat = &document->stat;
	struct source source = { .kind = document->exists ? kind : SOURCE_ABSENT };

	source.path = build_string(build, document->absolute);
	if (document->exists) {
		source.inode[0] = (uint32_t)stat->st_ino;
		source.inode[1] = (uint32_t)((uint64_t)stat->st_ino >> 32);
		source.size[0] = (uint32_t)stat->st_size;
		source.size[1] = (uint32_t)((uint64_t)stat->st_size >> 32);
		source.mtime[0] = (uint32_t)stat->st_mtim.tv_sec;
		source.mtime[1] = (uint32_t)((uint64_t)stat->st_mtim.tv_sec >> 32);
		source.mtime_nsec = (uint32_t)stat->st_mtim.tv_nsec;
	}
	build_source(build, &source);
}

/* The configuration file stands first, then its drop-in directory, then what is in there. */
static void
record_sources(struct build *build, const struct documents *documents)
{
	record_source(build, &documents->document[documents->count - 1], SOURCE_FILE);
	record_source(build, &documents->directory, SOURCE_DIRECTORY);
	for (size_t i = 0; i + 1 < documents->count; i++)
		record_source(build, &documents->document[i], SOURCE_FILE);
}

/* Diagnostics in the order of the files, and of the lines in each: each file was visited twice. */
static void
order_diagnostics(struct diagnostics *diagnostics, const struct documents *documents)
{
	struct diagnostics ordered = { 0 };

	for (size_t i = 0; i <= documents->count; i++) {
		size_t first = ordered.count;
		const char *file =
		    i == documents->count ? documents->directory.path : documents->document[i].path;

		for (size_t at = 0; at < diagnostics->count; at++) {
			if (strcmp(diagnostics->entries[at].file, file) != 0)
				continue;
			ordered.entries =
			    grow_or_exit(ordered.entries, ordered.count, sizeof(*ordered.entries));
			ordered.entries[ordered.count++] = diagnostics->entries[at];
		}
		diagnostic_sort(&ordered, first);
	}
	free(diagnostics->entries);
	*diagnostics = ordered;
}

bool
configuration_read(const char *root, const char *conf, struct configuration *configuration)
{
	struct reader reader = { .configuration = configuration, .build = &configuration->build };
	struct documents *documents = &configuration->documents;

	*configuration = (struct configuration){ 0 };
	reader.defaults = settings_unset();
	documents_read(root, conf, documents, &configuration->diagnostics);
	build_begin(reader.build);
	record_sources(reader.build, documents);
	reader.files = allocate_or_exit(NULL, documents->count * sizeof(*reader.files));
	for (size_t i = 0; i < documents->count; i++) {
		const struct document *document = &documents->document[i];
		struct source_file *file = &reader.files[i];

		configuration->exists |= document->exists;
		*file = (struct source_file){ .tree = { .file = document->path,
						  .diagnostics = &configuration->diagnostics } };
		if (document->text != NULL && read_tree(document->text, &file->tree))
			file->name = build_string(reader.build, document->absolute);
	}

	visit(&reader, NULL, read_top);
	visit(&reader, NULL, read_default_profile);
	complete_defaults(&reader);
	visit(&reader, "rules", read_rule);
	append_defaults(&reader);

	for (size_t i = 0; i < documents->count; i++)
		read_free(&reader.files[i].tree);
	free(reader.files);
	free(reader.profile_origins);
	order_diagnostics(&configuration->diagnostics, documents);
	return configuration->diagnostics.count == 0;
}

void
configuration_free(struct configuration *configuration)
{
	documents_free(&configuration->documents);
	build_free(&configuration->build);
	free(configuration->origins);
	diagnostic_free(&configuration->diagnostics);
}
