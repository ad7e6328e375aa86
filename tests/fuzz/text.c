/* SPDX-License-Identifier: MIT */
/*
 * Text to policy: a text that is in order gives a policy whose compiled form is sound and decides
 * the same; one that is not has a diagnostic with a place.
 */
#include <stdio.h>
#include <unistd.h>

#include <sys/mman.h>

#include "compiled.h"
#include "configuration.h"
#include "fuzz.h"

static void
claim_compiled(const struct policy *policy)
{
	size_t size = compiled_size(policy);
	char *image = malloc(size);
	const struct facts facts = { .executed = "/usr/bin/java", .image = "/usr/bin/java" };
	const struct rule *before, *after;
	struct policy compiled;

	CLAIM(image != NULL);
	compiled_write(policy, image);
	CLAIM(compiled_read(image, size, &compiled) == COMPILED_GOOD);
	before = policy_match(policy, &facts);
	after = policy_match(&compiled, &facts);
	CLAIM(before != NULL && after != NULL);
	CLAIM(before - policy->rules == after - compiled.rules);
	free(image);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[40];
	struct configuration configuration;
	struct policy policy;

	if (fd == -1) {
		fd = memfd_create("kashim.conf", MFD_CLOEXEC);
		CLAIM(fd != -1);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	CLAIM(ftruncate(fd, 0) == 0);
	CLAIM(pwrite(fd, data, size, 0) == (ssize_t)size);
	if (configuration_read("", path, &configuration)) {
		policy = build_policy(&configuration.build);
		claim_compiled(&policy);
	} else {
		CLAIM(configuration.diagnostics.count != 0);
		for (size_t i = 0; i < configuration.diagnostics.count; i++)
			CLAIM(*configuration.diagnostics.entries[i].message != '\0');
	}
	configuration_free(&configuration);
	return 0;
}
