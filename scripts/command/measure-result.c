/* SPDX-License-Identifier: MIT */
#include "measure-show.h"

#include <string.h>

static const char *const outcome_words[] = {
	[OUTCOME_NONE] = "none",
	[OUTCOME_MEASURED] = "measured",
	[OUTCOME_REMEMBERED] = "remembered",
	[OUTCOME_CLOSED] = "closed_by_server",
	[OUTCOME_SPOKEN] = "server_speaks",
	[OUTCOME_FORGETFUL] = "forgets_at_once",
	[OUTCOME_UNREACHABLE] = "unreachable",
	[OUTCOME_MUTE] = "no_answers",
	[OUTCOME_DOWN] = "network_down",
	[OUTCOME_UNSURE] = "unsure",
	[OUTCOME_INTERRUPTED] = "interrupted",
};

static const char *const manner_words[] = {
	[MANNER_NONE] = NULL,
	[MANNER_SILENCE] = "silence",
	[MANNER_RESET] = "reset",
	[MANNER_CLOSED] = "fin",
};

static const char *const manner_phrases[] = {
	[MANNER_NONE] = "",
	[MANNER_SILENCE] = "no answer to probes, the path drops them without a word",
	[MANNER_RESET] = "it ends with RST",
	[MANNER_CLOSED] = "it ends with FIN, while a connection with probes stays",
};

/* A time in a buffer that stays until four more were made. */
static const char *
time_of(int64_t milliseconds)
{
	static char room[4][40];
	static size_t next;
	char *here = room[next++ % 4];
	struct text text = text_in(here, sizeof(room[0]));

	show_put_time(&text, milliseconds);
	return here;
}

static void
put_finding(const struct measure *measure)
{
	const struct finding *finding = &measure->finding;
	const struct loss *loss = &measure->control.loss;

	if (finding->remembered != 0)
		printf("remembered  for %s, the longest silence after which a probe was answered\n",
		    time_of(finding->remembered));
	if (finding->forgotten != 0)
		printf("forgotten   after %s: %s\n", time_of(finding->forgotten),
		    manner_phrases[finding->manner]);
	if (finding->misfits != 0)
		printf(
		    "unsteady    %zu of %zu results do not fit: packets get lost, or there are several paths\n",
		    finding->misfits, measure->sample_count);
	if (verdict_is_lossy(loss))
		printf("lossy       %lld of %lld probes were lost where nothing is forgotten\n",
		    (long long)(loss->sent - loss->answered), (long long)loss->sent);
	if (measure->bounds.limit != 0)
		printf(
		    measure->limit_is_speech
			? "server      is never silent for longer than %s\n"
			: "server      ends connections without data itself after %s: no keepalive prevents that\n",
		    time_of(measure->bounds.limit));
}

static void
put_cure(const struct measure *measure)
{
	const struct cure *cure = &measure->cure;

	if (!cure->is_settled)
		return;
	if (cure->holds)
		printf("cure        probes keep it open: %lld of %lld answered in %s",
		    (long long)cure->answered, (long long)cure->probes, time_of(cure->lived));
	else if (cure->ends_by_server)
		printf(
		    "cure        not shown, since the server ends it: %lld of %lld probes answered",
		    (long long)cure->answered, (long long)cure->probes);
	else if (cure->ends_by_loss)
		printf(
		    "cure        not shown, so many packets get lost: %lld of %lld probes answered",
		    (long long)cure->answered, (long long)cure->probes);
	else
		printf(
		    "cure        none: this path ignores probes, the connection ended after %s, %lld of %lld answered",
		    time_of(cure->lived), (long long)cure->answered, (long long)cure->probes);
	printf(" (idle %d s, interval %d s, count %d)\n", cure->idle, cure->interval, cure->count);
}

/* A path that ignores probes is not helped by them. */
static bool
is_advised(const struct cure *cure)
{
	return cure->is_settled && (cure->holds || cure->ends_by_server || cure->ends_by_loss);
}

/* What to copy, and where it goes. */
static void
put_advice(const struct measure *measure)
{
	const struct cure *cure = &measure->cure;

	if (!is_advised(cure))
		return;
	fputs(
	    "\nIn /etc/kashim.conf, in defaults or in a rule, then 'kashim compile':\n\n", stdout);
	if (cure->path_timeout == 0) {
		fputs("    idle = \"1s\"; interval = \"1s\"; count = 5;\n\n"
		      "or for one program:\n\n"
		      "    kashim run --idle 1s --interval 1s --count 5 PROGRAM\n",
		    stdout);
		return;
	}
	printf("    path_timeout = \"%llds\";\n\nor for one program:\n\n"
	       "    kashim run --path-timeout %llds PROGRAM\n",
	    (long long)cure->path_timeout, (long long)cure->path_timeout);
}

static void
put_reason(const struct show *show, const struct measure *measure)
{
	switch (measure->outcome) {
	case OUTCOME_REMEMBERED:
		printf("\nNothing was forgotten up to %s. --longest tries longer silences.\n",
		    time_of(measure->bounds.longest));
		break;
	case OUTCOME_CLOSED:
		fputs(
		    "\n"
		    "Not to be measured with this server: it ends silent connections before the path forgets them.\n"
		    "Look for its idle timeout, or measure against a server that has none.\n",
		    stdout);
		break;
	case OUTCOME_SPOKEN:
		fputs(
		    "\n"
		    "Not to be measured with this server: it speaks, or sends probes itself, before the path forgets.\n"
		    "Its connections are never silent for longer.\n",
		    stdout);
		break;
	case OUTCOME_FORGETFUL:
		fputs("\nThe path forgets within a second: no keepalive is fast enough.\n", stdout);
		break;
	case OUTCOME_UNREACHABLE:
		fprintf(stderr, "kashim: %s: cannot be connected to: %s\n", show->host_port,
		    strerror(measure->error));
		break;
	case OUTCOME_MUTE:
		fputs(
		    "\n"
		    "Not to be measured: connections can be opened, but no keepalive probe is answered, not even after a second.\n"
		    "The server, or a device before it, leaves them out: no keepalive helps here.\n",
		    stdout);
		break;
	case OUTCOME_DOWN:
		fprintf(stderr,
		    "kashim: %s: the network or the server was away for ten minutes: %s\n",
		    show->host_port, strerror(measure->error));
		break;
	case OUTCOME_UNSURE:
		fputs(
		    "\n"
		    "Not to be measured: the results are too few, or contradict each other. Try again when the network is steady.\n",
		    stdout);
		break;
	case OUTCOME_INTERRUPTED:
		fputs("\nInterrupted: this is what is known so far.\n", stdout);
		break;
	case OUTCOME_NONE:
	case OUTCOME_MEASURED:
		break;
	}
}

static void
json_time(struct json *json, const char *key, int64_t milliseconds)
{
	json_milliseconds(json, key, milliseconds == 0 ? JSON_NULL : milliseconds);
}

static void
json_time_of_cure(struct json *json, const struct cure *cure)
{
	bool is_known = is_advised(cure);

	json_time(json, "path_timeout", is_known ? cure->path_timeout * 1000 : 0);
	json_time(json, "idle", is_known ? cure->idle * 1000 : 0);
	json_time(json, "interval", is_known ? cure->interval * 1000 : 0);
	json_number(json, "count", is_known ? cure->count : JSON_NULL);
	if (cure->is_settled && !cure->ends_by_server && !cure->ends_by_loss)
		json_boolean(json, "keeps_open", cure->holds);
	else
		json_null(json, "keeps_open");
	json_number(json, "cure_probes", cure->probes);
	json_number(json, "cure_answered", cure->answered);
	json_time(json, "cure_lived", cure->lived);
}

static void
put_object(struct show *show, const struct measure *measure)
{
	struct json *json = &show->json;
	const struct finding *finding = &measure->finding;
	char remote[TARGET_NAME_SIZE];

	target_name(measure->target.chosen->ai_addr, measure->target.chosen->ai_addrlen, remote);
	json_object(json);
	json_string(json, "type", "result");
	json_string(json, "outcome", outcome_words[measure->outcome]);
	json_string(json, "error",
	    measure->outcome == OUTCOME_UNREACHABLE || measure->outcome == OUTCOME_DOWN
		? strerror(measure->error)
		: NULL);
	json_string(json, "host", show->host_port);
	json_string(json, "remote", remote);
	json_string(json, "local", *measure->local == '\0' ? NULL : measure->local);
	json_time(json, "remembered", finding->remembered);
	json_time(json, "forgotten", finding->forgotten);
	json_string(json, "manner", manner_words[finding->manner]);
	json_time(json, "server_closes", measure->limit_is_speech ? 0 : measure->bounds.limit);
	json_time(json, "server_speaks", measure->limit_is_speech ? measure->bounds.limit : 0);
	json_number(json, "rounds", measure->round);
	json_number(json, "misfits", (int64_t)finding->misfits);
	json_time_of_cure(json, &measure->cure);
	json_time(json, "took", measure->now - measure->started);
	json_end(json);
}

void
show_result(struct show *show, const struct measure *measure)
{
	if (show->way == SHOW_JSON) {
		put_object(show, measure);
		return;
	}
	if (measure->outcome != OUTCOME_UNREACHABLE)
		fputs("\n", stdout);
	put_finding(measure);
	put_cure(measure);
	put_advice(measure);
	put_reason(show, measure);
}
