/* SPDX-License-Identifier: MIT */
#include "measure-plan.h"

#include "option.h"

static int64_t
lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
plan_tolerance(int64_t remembered)
{
	return greater(remembered / 20, lesser(2000, remembered / 5));
}

/* The number that is `value`, at least 1, when it is multiplied with itself so often. */
static double
root(double value, size_t power)
{
	double low = 1;
	double high = value;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;
		double product = 1;

		for (size_t j = 0; j < power; j++)
			product *= middle;
		if (product < value)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Whole seconds for what is long, tenths for what is short. */
static int64_t
rounded(double silence)
{
	int64_t unit = silence < 20000 ? 100 : 1000;

	return ((int64_t)silence + unit / 2) / unit * unit;
}

/* Above `low` and up to `high`, each longer than the one before by the same factor. */
static void
spread(int64_t low, int64_t high, int64_t *silences, size_t count)
{
	double factor = root((double)high / (double)low, count);
	double silence = (double)low;
	int64_t before = low;

	for (size_t i = 0; i < count; i++) {
		silence *= factor;
		silences[i] = i + 1 == count ? high : lesser(high, rounded(silence));
		silences[i] = greater(silences[i], lesser(before + 1, high));
		before = silences[i];
	}
}

static bool
is_fine(int64_t low, const int64_t *silences, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (silences[i] - low > plan_tolerance(low))
			return false;
		low = silences[i];
	}
	return true;
}

/* The same, with as many as it takes, or as there may be. */
static size_t
fill(int64_t low, int64_t high, int64_t *silences, size_t most)
{
	size_t count = 0;

	if (high <= low)
		return 0;
	do
		spread(low, high, silences, ++count);
	while (count < most && !is_fine(low, silences, count));
	return count;
}

/* A silence of about the server's limit can end either way, and a second comes before it. */
static int64_t
below_limit(int64_t limit)
{
	return limit - greater(limit / 20, 300) - PLAN_LOWEST;
}

static int64_t
highest(const struct bounds *bounds)
{
	int64_t high = bounds->forgotten != 0 ? bounds->forgotten : bounds->longest;

	if (bounds->limit != 0)
		high = lesser(high, below_limit(bounds->limit));
	return high;
}

static bool
is_done(const struct bounds *bounds)
{
	int64_t gap = highest(bounds) - bounds->remembered;

	if (bounds->is_doubtful && highest(bounds) == bounds->forgotten)
		return false;
	if (bounds->remembered == 0)
		return highest(bounds) < PLAN_LOWEST ||
		       (bounds->forgotten != 0 && bounds->forgotten < PLAN_LOWEST + 200);
	if (bounds->forgotten != 0 || bounds->limit != 0)
		return gap <= plan_tolerance(bounds->remembered);
	return gap <= 0;
}

size_t
plan_round(const struct bounds *bounds, int64_t silences[PLAN_SILENCES])
{
	int64_t low = bounds->remembered;

	if (is_done(bounds))
		return 0;
	if (low != 0)
		return fill(low, highest(bounds), silences, PLAN_SILENCES);
	/* The first round, or one below it. */
	low = bounds->forgotten == 0 && bounds->limit == 0 ? bounds->shortest : PLAN_LOWEST;
	silences[0] = low;
	return 1 + fill(low, highest(bounds), silences + 1, PLAN_SILENCES - 1);
}

/* Connections to open, and probes that are not answered at once. */
static int64_t
besides(int64_t silence)
{
	return silence / 50 + 8000;
}

int64_t
plan_at_most(const struct bounds *bounds)
{
	int64_t high = highest(bounds);

	/* A round, one that narrows it down, and a last probe under the policy that results. */
	if (bounds->forgotten == 0 && bounds->limit == 0)
		return high + besides(high) + high + besides(high) + high * 2 / 5;
	return high + besides(high) + high * 2 / 5;
}

int64_t
plan_path_timeout(int64_t remembered)
{
	static const struct {
		int64_t below, unit;
	} units[] = { { 60, 1 }, { 600, 5 }, { 3600, 30 }, { INT64_MAX, 60 } };
	int64_t seconds = (remembered - 1) / 1000;
	size_t i = 0;

	if (seconds < option_table[OPTION_PATH_TIMEOUT].min)
		return 0;
	while (seconds >= units[i].below)
		i++;
	return seconds - seconds % units[i].unit;
}
