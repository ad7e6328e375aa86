/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include <string.h>

const struct builtin_profile builtin_profiles[BUILTIN_PROFILES] = {
	{ "aws-nlb", 350, "AWS Network Load Balancer",
	    "AWS Elastic Load Balancing, connection idle timeout" },
	{ "aws-nat-gateway", 350, "AWS NAT gateway", "Amazon VPC, NAT gateway troubleshooting" },
	{ "azure-lb", 240, "Azure Load Balancer and its outbound NAT",
	    "Azure Load Balancer, TCP idle timeout" },
	{ "gcp-vpc", 600, "Google Cloud VPC firewall", "Google Cloud VPC, connection tracking" },
	{ "ipvs", 900, "IPVS: Kubernetes and Docker Swarm services", "Linux, ipvsadm(8), --set" },
	{ "home-router", 900, "home router",
	    "an estimate: RFC 5382 asks for 2 h 4 min, many routers keep less" },
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

/* One "key=value", or a mode alone. */
static bool
read_item(const struct policy *policy, const char *item, size_t size, struct settings *line,
    struct settings *profile, struct text *error)
{
	const char *equals = memchr(item, '=', size);
	const char *value = equals == NULL ? item : equals + 1;
	size_t key_size = equals == NULL ? 0 : (size_t)(equals - item);
	size_t value_size = size - (size_t)(value - item);
	enum option_id option = option_named(item, key_size);

	if (option != OPTION_COUNT) {
		text_put(error, option_table[option].key);
		text_put(error, ": ");
		if (line->value[option] == VALUE_UNSET)
			return option_read(option, value, value_size, &line->value[option], error);
		text_put(error, "given twice");
		return false;
	}
	if (key_size == 7 && memcmp(item, "profile", 7) == 0) {
		if (profile_find(policy, value, value_size, profile))
			return true;
		text_put(error, "profile: there is no \"");
		text_put_bytes(error, value, value_size);
		text_put(error, "\", 'kashim profiles' lists them");
		return false;
	}
	if (equals == NULL || (key_size == 4 && memcmp(item, "mode", 4) == 0)) {
		line->mode = mode_named(value, value_size);
		if (line->mode != MODE_UNSET)
			return true;
	}
	text_put(error, "\"");
	text_put_bytes(error, item, size);
	text_put(error, "\" is not understood, allowed are key=value pairs of kashim.conf(5) with "
			"commas between them");
	return false;
}

bool
profile_read_line(
    const struct policy *policy, const char *line, struct settings *settings, struct text *error)
{
	struct settings profile = settings_unset();
	struct settings defaults = settings_builtin();

	*settings = settings_unset();
	for (const char *item = line; *item != '\0';) {
		size_t size = strcspn(item, ",");

		if (!read_item(policy, item, size, settings, &profile, error))
			return false;
		item += size;
		if (*item == ',')
			item++;
	}
	if (settings->mode == MODE_UNSET)
		settings->mode = MODE_FORCE;
	if (policy != NULL)
		defaults = policy->settings[policy->defaults];
	settings_derive(settings);
	settings_fill(settings, &profile);
	settings_fill(settings, &defaults);
	return true;
}
