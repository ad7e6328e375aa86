/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include <string.h>

const struct builtin_profile builtin_profiles[BUILTIN_PROFILES] = {
	{ "aws-nlb", 350 },
	{ "aws-nat-gateway", 350 },
	{ "azure-lb", 240 },
	{ "gcp-vpc", 600 },
	{ "ipvs", 900 },
	{ "home-router", 900 },
};

bool
profile_find(const struct policy *policy, const char *name, size_t size, struct settings *settings)
{
	for (uint32_t i = 0; policy != NULL && i < policy->profile_count; i++) {
		const char *candidate = policy->strings + policy->profiles[i].name;

		if (strlen(candidate) != size || memcmp(candidate, name, size) != 0)
			continue;
		*settings = policy->settings[policy->profiles[i].settings];
		return true;
	}
	for (size_t i = 0; i < BUILTIN_PROFILES; i++) {
		if (strlen(builtin_profiles[i].name) != size ||
		    memcmp(builtin_profiles[i].name, name, size) != 0)
			continue;
		*settings = settings_unset();
		settings->value[OPTION_PATH_TIMEOUT] = builtin_profiles[i].path_timeout;
		settings_derive(settings);
		return true;
	}
	return false;
}

/* What a line says, item by item. */
struct line {
	struct settings settings;
	struct settings profile;
	bool has_profile;
};

static bool
is_key(const char *key, const char *start, size_t size)
{
	return strlen(key) == size && memcmp(key, start, size) == 0;
}

static bool
refuse_twice(struct text *error, const char *key)
{
	text_put(error, key);
	text_put(error, ": given twice, take one of them out");
	return false;
}

static bool
read_option(
    enum option_id option, const char *value, size_t size, struct line *line, struct text *error)
{
	const struct text before = *error;
	int32_t *result = &line->settings.value[option];

	if (*result != VALUE_UNSET)
		return refuse_twice(error, option_table[option].key);
	text_put(error, option_table[option].key);
	text_put(error, ": ");
	if (!option_read(&option_table[option], value, size, result, error))
		return false;
	*error = before;
	error->start[error->used] = '\0';
	return true;
}

static bool
read_profile(const struct policy *policy, const char *name, size_t size, struct line *line,
    struct text *error)
{
	if (line->has_profile)
		return refuse_twice(error, "profile");
	line->has_profile = profile_find(policy, name, size, &line->profile);
	if (line->has_profile)
		return true;
	text_put(error, "profile: there is no \"");
	text_put_bytes(error, name, size);
	text_put(error, "\", 'kashim profiles' lists them");
	return false;
}

static bool
read_mode(const char *name, size_t size, struct line *line, struct text *error)
{
	if (line->settings.mode != MODE_UNSET)
		return refuse_twice(error, "mode");
	line->settings.mode = mode_named(name, size);
	if (line->settings.mode != MODE_UNSET)
		return true;
	text_put(error, "mode: \"");
	text_put_bytes(error, name, size);
	text_put(error, "\" is not allowed, allowed are tighten, force, suggest and off");
	return false;
}

/* One "key=value", or a mode alone. */
static bool
read_item(const struct policy *policy, const char *item, size_t size, struct line *line,
    struct text *error)
{
	const char *equals = memchr(item, '=', size);
	const char *value = equals == NULL ? item : equals + 1;
	size_t key_size = equals == NULL ? 0 : (size_t)(equals - item);
	size_t value_size = size - (size_t)(value - item);
	enum option_id option = option_named(item, key_size);

	if (option != OPTION_COUNT)
		return read_option(option, value, value_size, line, error);
	if (is_key("profile", item, key_size))
		return read_profile(policy, value, value_size, line, error);
	if (is_key("mode", item, key_size) || mode_named(item, size) != MODE_UNSET)
		return read_mode(value, value_size, line, error);
	text_put(error, "\"");
	text_put_bytes(error, item, size);
	text_put(error,
	    "\" is not understood, allowed are a mode, or settings of kashim.conf(5) as key=value with commas between them");
	return false;
}

bool
profile_read_line(
    const struct policy *policy, const char *line, struct settings *settings, struct text *error)
{
	struct line read = { .settings = settings_unset(), .profile = settings_unset() };
	struct settings defaults = settings_builtin();

	for (const char *item = line; *item != '\0';) {
		size_t size = strcspn(item, ",");

		if (!read_item(policy, item, size, &read, error))
			return false;
		item += size;
		if (*item == ',')
			item++;
	}
	if (policy != NULL)
		defaults = policy->settings[policy->defaults];
	defaults.mode = MODE_UNSET;
	settings_derive(&read.settings);
	settings_fill(&read.settings, &read.profile);
	settings_fill(&read.settings, &defaults);
	*settings = read.settings;
	return true;
}

struct settings
profile_obey_line(const struct policy *policy, const struct rule *rule, const struct settings *line)
{
	struct settings settings = *line;

	if (line->mode != MODE_UNSET)
		return settings;
	if (rule != NULL && rule->settings != policy->defaults &&
	    policy->settings[rule->settings].mode == MODE_OFF)
		return policy->settings[rule->settings];
	settings.mode = MODE_TIGHTEN;
	return settings;
}
