/* SPDX-License-Identifier: MIT */
/*
 * Compiled policies: no image, however it was made, leads out of itself. The checksum keeps chance
 * out, not malice, so each image is also tried with size and checksum put right; that needs what
 * compiled.c keeps to itself.
 */
#include "../../conf/policy/compiled.c" // NOLINT(bugprone-suspicious-include)
#include "fuzz.h"
#include "index.h"
#include "profile.h"

static void
put_right(char *image, size_t size)
{
	struct compiled_header header;
	uint64_t sum;

	memcpy(&header, image, HEADER);
	memcpy(header.magic, magic, sizeof(magic));
	header.version = COMPILED_VERSION;
	header.size = (uint32_t)size;
	memcpy(image, &header, HEADER);
	sum = checksum(image, size);
	header.checksum[0] = (uint32_t)sum;
	header.checksum[1] = (uint32_t)(sum >> 32);
	memcpy(image, &header, HEADER);
}

/* Everything that the shim does with a policy. */
static size_t
use(const struct policy *policy)
{
	static const struct endpoint end = { true, 443, { 0, 0, 0xffff, 0x0a000001 } };
	struct facts facts = {
		.executed = "/usr/bin/java",
		.image = "/usr/bin/java",
		.arguments = "java\0-jar\0billing.jar",
		.arguments_size = sizeof("java\0-jar\0billing.jar"),
		.direction = DIRECTION_CONNECT,
		.remote = end,
		.local = end,
	};
	struct rule *rules = malloc((policy->rule_count + 1) * sizeof(*rules));
	const struct rule *rule = policy_match(policy, &facts);
	struct settings settings = policy->settings[policy->defaults];
	size_t seen = strlen(policy->strings + policy->log);

	CLAIM(rules != NULL);
	if (rule != NULL)
		seen +=
		    policy->settings[rule->settings].mode + strlen(policy->strings + rule->file);
	CLAIM(policy_narrow(policy, rules, &facts) <= policy->rule_count);
	profile_find(policy, "head-office", 11, &settings);
	settings_resolve(&settings, policy->retries);
	for (uint32_t i = 0; i < policy->source_count; i++)
		seen += strlen(policy->strings + policy->sources[i].path);
	free(rules);
	return seen;
}

static void
try_image(char *image, size_t size)
{
	struct policy policy;

	if (compiled_read(image, size, &policy) == COMPILED_GOOD)
		CLAIM(use(&policy) != SIZE_MAX);
}

/* As the index of a larger file: what it names lies within that. */
static void
try_index(const char *image, size_t size)
{
	struct index index;
	struct index_part part = { 0 };

	if (size < INDEX_HEADER + INDEX_PROBED)
		return;
	if (index_read(image, size, &index) == COMPILED_GOOD)
		CLAIM(index.whole.offset + index.whole.size <= size &&
		      index.others.offset + index.others.size <= size &&
		      index_place(&index, UINT32_MAX) + INDEX_PROBED <= size);
	if (index_find(image + INDEX_HEADER, size, 7, &part) == COMPILED_GOOD)
		CLAIM(part.offset + part.size <= size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of exactly this size, so that one byte beyond is noticed. */
	char *image = malloc(size == 0 ? 1 : size);

	CLAIM(image != NULL);
	if (size != 0)
		memcpy(image, data, size);
	try_index(image, size);
	try_image(image, size);
	if (size >= HEADER && size % 8 == 0) {
		memcpy(image, data, size);
		put_right(image, size);
		try_image(image, size);
	}
	free(image);
	return 0;
}
