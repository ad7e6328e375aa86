/* SPDX-License-Identifier: MIT */
#include "outside-finding.h"

#include <string.h>

#include "bounded.h"

enum { STRING_LONGEST = 12 * 1024 };

struct finding
finding_of_process(pid_t pid, const char *program, const char *note, int why)
{
	const struct listed nothing = { .timer = -1 };
	struct finding finding = finding_of_listed(&nothing);

	finding.kind = FINDING_PROCESS;
	finding.pid = pid;
	finding.program = program;
	finding.note = note;
	finding.why = why;
	return finding;
}

struct finding
finding_of_listed(const struct listed *listed)
{
	return (struct finding){
		.kind = FINDING_SOCKET,
		.socket = socket_listed(listed),
		.verdict = { .wanted = settings_unset() },
		.note = "",
		.after = settings_unset(),
	};
}

void
finding_send(int out, struct finding finding)
{
	const char *part[] = { finding.program, finding.verdict.file, finding.note };
	char strings[sizeof(part) / sizeof(*part) * STRING_LONGEST];
	size_t size = 0;

	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++) {
		const char *string = part[i] == NULL ? "" : part[i];
		size_t length = strnlen(string, STRING_LONGEST - 1);

		memcpy(strings + size, string, length);
		size += length;
		strings[size++] = '\0';
	}
	finding.program = finding.note = NULL;
	finding.verdict.file = finding.verdict.line = NULL;
	finding.socket.defaults = NULL;
	bounded_send(out, &finding, sizeof(finding), strings, size);
}

/* The next string of a message that ends with one. */
static const char *
next_string(const char **at, const char *end)
{
	const char *string = *at;

	if (string >= end)
		return "";
	*at += strnlen(string, (size_t)(end - string)) + 1;
	return *at <= end ? string : "";
}

bool
finding_receive(const void *message, size_t size, struct finding *finding)
{
	const char *at = (const char *)message + sizeof(*finding);
	const char *end = (const char *)message + size;

	if (size < sizeof(*finding))
		return false;
	memcpy(finding, message, sizeof(*finding));
	finding->program = next_string(&at, end);
	finding->verdict.file = next_string(&at, end);
	if (*finding->verdict.file == '\0')
		finding->verdict.file = NULL;
	finding->note = next_string(&at, end);
	return true;
}
