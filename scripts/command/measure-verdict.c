/* SPDX-License-Identifier: MIT */
#include "measure-verdict.h"

enum { PROBES_LEAST = 3, PROBES_MOST = 20 };

int
verdict_probes(const struct loss *loss)
{
	/* As if one of two more had been lost: after a few probes nobody knows. */
	double lost = (double)(loss->sent - loss->answered + 1) / (double)(loss->sent + 2);
	double chance = lost;
	int probes = 1;

	while (chance > 1e-4 && probes < PROBES_MOST) {
		chance *= lost;
		probes++;
	}
	return probes < PROBES_LEAST ? PROBES_LEAST : probes;
}

bool
verdict_is_lossy(const struct loss *loss)
{
	int64_t lost = loss->sent - loss->answered;

	return lost >= 3 && lost * 50 >= loss->sent;
}

bool
verdict_is_forgotten(const struct loss *loss, int unanswered, int64_t answered)
{
	int probes = verdict_probes(loss);

	return unanswered >= probes && answered >= PROBES_LEAST && answered >= probes / 4;
}

bool
verdict_is_down(const struct loss *loss, int64_t since_answer)
{
	/* The control connection has a probe each second. */
	return since_answer > 1000 * (int64_t)(verdict_probes(loss) + 1);
}

static int64_t
room(int64_t age)
{
	return age / 20 + 500;
}

bool
verdict_is_same_age(int64_t age, int64_t other)
{
	return age - other <= room(age) && other - age <= room(age);
}

enum ended_by
verdict_ended_by(int64_t age, int64_t control_age, int64_t control_ended)
{
	if (control_ended != 0 && verdict_is_same_age(age, control_ended))
		return ENDED_BY_SERVER;
	return control_age > age + 2 * room(age) ? ENDED_BY_PATH : ENDED_BY_UNKNOWN;
}

/* Samples that are on the wrong side, were the path to forget after `after`. */
static size_t
count_misfits(const struct sample *samples, size_t count, int64_t after)
{
	size_t misfits = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_late = samples[i].silence >= after;

		misfits += is_late != (samples[i].forgotten != MANNER_NONE);
	}
	return misfits;
}

struct finding
verdict_find(const struct sample *samples, size_t count)
{
	int64_t after = INT64_MAX;
	struct finding finding = { .misfits = count_misfits(samples, count, after) };

	/* Of two that explain as much, the longer one: whoever measures on finds out more there. */
	for (size_t i = 0; i < count; i++) {
		int64_t silence = samples[i].silence;
		size_t misfits = count_misfits(samples, count, silence);

		if (samples[i].forgotten == MANNER_NONE || misfits > finding.misfits ||
		    (misfits == finding.misfits && silence <= after))
			continue;
		after = silence;
		finding.misfits = misfits;
	}
	for (size_t i = 0; i < count; i++) {
		if (samples[i].silence == after && samples[i].forgotten != MANNER_NONE) {
			finding.forgotten = after;
			finding.manner = samples[i].forgotten;
		}
		if (samples[i].silence < after && samples[i].forgotten == MANNER_NONE &&
		    samples[i].silence > finding.remembered)
			finding.remembered = samples[i].silence;
	}
	finding.safe = finding.remembered;
	for (size_t i = 0; i < count; i++)
		if (samples[i].forgotten != MANNER_NONE && samples[i].silence < finding.safe)
			finding.safe = samples[i].silence - 1;
	return finding;
}

bool
verdict_is_doubtful(const struct sample *samples, size_t count, const struct finding *finding,
    const struct loss *loss)
{
	int64_t near = verdict_is_lossy(loss) ? finding->forgotten / 20 : INT64_MAX / 2;
	size_t seen = 0;

	for (size_t i = 0; i < count; i++)
		seen += samples[i].forgotten != MANNER_NONE &&
			samples[i].silence >= finding->forgotten &&
			samples[i].silence - finding->forgotten <= near;
	return finding->forgotten != 0 && seen < 2;
}
