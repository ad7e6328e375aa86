/* SPDX-License-Identifier: MIT */
#include "policy.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "address.h"
#include "build.h"
#include "retransmit.h"
#include "scratch.h"
#include "suites.h"

static struct build build;

static void
begin(void)
{
	build_begin(&build);
}

static void
end(void)
{
	build_free(&build);
}

/* A condition of one or two patterns. */
static uint32_t
patterns(const char *first, const char *second)
{
	uint32_t words[3] = { 1, build_string(&build, first) };

	if (second != NULL) {
		words[0] = 2;
		words[2] = build_string(&build, second);
	}
	return build_words(&build, words, words[0] + 1);
}

static uint32_t
numbers(uint32_t number)
{
	uint32_t words[2] = { 1, number };

	return build_words(&build, words, 2);
}

static void
put_network(uint32_t *words, const char *address)
{
	char message[200];
	struct text error = text_in(message, sizeof(message));
	struct network network;

	ck_assert_msg(address_read_network(address, &network, &error), "%s", message);
	memcpy(words, &network, sizeof(network));
}

/* A condition of one or two networks. */
static uint32_t
networks(const char *first, const char *second)
{
	uint32_t count = second == NULL ? 1 : 2;
	uint32_t words[1 + 2 * NETWORK_WORDS] = { count };

	put_network(words + 1, first);
	if (second != NULL)
		put_network(words + 1 + NETWORK_WORDS, second);
	return build_words(&build, words, 1 + count * NETWORK_WORDS);
}

static void
add(struct rule rule)
{
	build_rule(&build, &rule);
}

static struct endpoint
endpoint(const char *text)
{
	struct endpoint endpoint;
	char message[200];
	struct text error = text_in(message, sizeof(message));

	ck_assert_msg(address_read_endpoint(text, &endpoint, &error), "%s", message);
	return endpoint;
}

/* The line of the rule that decides, 0 where none does. */
static unsigned
decides(const struct facts *facts)
{
	struct policy policy = build_policy(&build);
	const struct rule *rule = policy_match(&policy, facts);

	return rule == NULL ? 0 : rule->line;
}

static bool
program_matches(const char *pattern, const char *executed, const char *image)
{
	struct facts facts = { .executed = executed, .image = image };
	bool matches;

	end();
	begin();
	add((struct rule){
	    .line = 1, .condition = { [CONDITION_PROGRAM] = patterns(pattern, NULL) } });
	matches = decides(&facts) == 1;
	return matches;
}

START_TEST(first_matching_rule_wins)
{
	struct facts facts = { .executed = "/usr/bin/java" };

	add((struct rule){
	    .line = 1, .condition = { [CONDITION_PROGRAM] = patterns("sshd", NULL) } });
	add((struct rule){
	    .line = 2, .condition = { [CONDITION_PROGRAM] = patterns("ja*", NULL) } });
	add((struct rule){
	    .line = 3, .condition = { [CONDITION_PROGRAM] = patterns("java", NULL) } });
	add((struct rule){ .line = 4 });
	ck_assert_uint_eq(decides(&facts), 2);
}

START_TEST(no_rule_matches_without_defaults)
{
	struct facts facts = { .executed = "/usr/bin/java" };

	ck_assert_uint_eq(decides(&facts), 0);
	add((struct rule){
	    .line = 1, .condition = { [CONDITION_PROGRAM] = patterns("sshd", NULL) } });
	ck_assert_uint_eq(decides(&facts), 0);
}

START_TEST(rule_without_conditions_holds_for_everything)
{
	struct facts nothing = { 0 };
	struct facts connection = { .direction = DIRECTION_ACCEPT };

	add((struct rule){ .line = 1 });
	ck_assert_uint_eq(decides(&nothing), 1);
	ck_assert_uint_eq(decides(&connection), 1);
}

START_TEST(pattern_without_slash_is_for_the_base_name)
{
	ck_assert(program_matches("java", "/usr/bin/java", NULL));
	ck_assert(program_matches("java", "java", NULL));
	ck_assert(program_matches("j?va", "/usr/bin/java", NULL));
	ck_assert(program_matches("[i-k]ava", "/usr/bin/java", NULL));
	ck_assert(program_matches("\\java", "/usr/bin/java", NULL));
	ck_assert(program_matches("*", "/usr/bin/java", NULL));
	ck_assert(!program_matches("java", "/usr/bin/java8", NULL));
	ck_assert(!program_matches("java", "/usr/java/bin", NULL));
	ck_assert(!program_matches("bin*", "/usr/bin/java", NULL));
	ck_assert(!program_matches("Java", "/usr/bin/java", NULL));
	ck_assert(program_matches("*", "/usr/bin/.hidden", NULL));
}

START_TEST(pattern_with_slash_is_for_the_whole_path)
{
	ck_assert(program_matches("/opt/legacy/*", "/opt/legacy/bin/app", NULL));
	ck_assert(program_matches("*/app", "/opt/legacy/bin/app", NULL));
	ck_assert(!program_matches("/opt/legacy/*", "/opt/legacy2/app", NULL));
	ck_assert(!program_matches("/app", "/opt/app", NULL));
	ck_assert(!program_matches("opt/app", "/opt/app", NULL));
	ck_assert(!program_matches("/usr/bin/java", "/usr/bin/java8", NULL));
}

START_TEST(script_is_matched_by_its_own_name_or_its_interpreter)
{
	ck_assert(program_matches("backup.py", "/srv/backup.py", "/usr/bin/python3.11"));
	ck_assert(program_matches("python3*", "/srv/backup.py", "/usr/bin/python3.11"));
	ck_assert(program_matches("/usr/bin/python3.11", "/srv/backup.py", "/usr/bin/python3.11"));
	ck_assert(!program_matches("perl", "/srv/backup.py", "/usr/bin/python3.11"));
}

START_TEST(unknown_program_matches_no_pattern)
{
	ck_assert(!program_matches("*", NULL, NULL));
	ck_assert(program_matches("*", NULL, "/bin/sh"));
	ck_assert(!program_matches("sh", "", NULL));
}

START_TEST(one_member_of_a_list_is_enough)
{
	struct facts sshd = { .executed = "/usr/sbin/sshd" };
	struct facts nginx = { .executed = "/usr/sbin/nginx" };
	struct facts cron = { .executed = "/usr/sbin/cron" };

	add((struct rule){
	    .line = 1, .condition = { [CONDITION_PROGRAM] = patterns("sshd", "nginx") } });
	ck_assert_uint_eq(decides(&sshd), 1);
	ck_assert_uint_eq(decides(&nginx), 1);
	ck_assert_uint_eq(decides(&cron), 0);
}

START_TEST(all_conditions_must_hold)
{
	static const char arguments[] = "java\0-jar\0/srv/billing.jar";
	struct facts facts = { .executed = "/usr/bin/java",
		.arguments = arguments,
		.arguments_size = sizeof(arguments),
		.user = 33 };

	add((struct rule){ .line = 1,
	    .condition = { [CONDITION_PROGRAM] = patterns("java", NULL),
		[CONDITION_ARGUMENT] = patterns("*/billing.jar", NULL),
		[CONDITION_USER] = numbers(33) } });
	ck_assert_uint_eq(decides(&facts), 1);
	facts.user = 34;
	ck_assert_uint_eq(decides(&facts), 0);
	facts.user = 33;
	facts.executed = "/usr/bin/jshell";
	ck_assert_uint_eq(decides(&facts), 0);
	facts.executed = "/usr/bin/java";
	facts.arguments_size = sizeof("java\0-jar");
	ck_assert_uint_eq(decides(&facts), 0);
}

START_TEST(argument_is_matched_as_a_whole_and_never_argv0)
{
	static const struct {
		const char *pattern;
		unsigned line;
	} cases[] = { { "-jar", 1 }, { "-j*", 1 }, { "a b", 1 }, { "java", 0 }, { "ja*", 0 },
		{ "jar", 0 }, { "last", 1 }, { "las", 0 }, { "\\-jar", 1 }, { "*", 1 },
		{ "/srv/*.jar", 1 }, { "*.jar", 1 }, { "", 0 } };
	static const char arguments[] = "java\0-jar\0/srv/x/billing.jar\0a b\0last";
	struct facts facts = { .arguments = arguments, .arguments_size = sizeof(arguments) };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		end();
		begin();
		add((struct rule){ .line = 1,
		    .condition = { [CONDITION_ARGUMENT] = patterns(cases[i].pattern, NULL) } });
		ck_assert_msg(decides(&facts) == cases[i].line, "%s", cases[i].pattern);
	}
}

static bool
argument_matches(const char *pattern, const char *argument)
{
	struct rule rule = { .condition[CONDITION_ARGUMENT] = patterns(pattern, NULL) };
	size_t size = strlen(argument) + 2;
	char *arguments = calloc(1, size);
	struct facts facts = { .arguments = arguments, .arguments_size = size };
	struct policy policy = build_policy(&build);
	bool holds;

	ck_assert_ptr_nonnull(arguments);
	strncpy(arguments + 1, argument, size - 1);
	holds = policy_matches_program(&policy, &rule, &facts);
	free(arguments);
	return holds;
}

static void
put_random(char *word, const char *letters)
{
	uint32_t size = scratch_random(7);

	for (uint32_t i = 0; i < size; i++)
		word[i] = letters[scratch_random((uint32_t)strlen(letters))];
	word[size] = '\0';
}

START_TEST(patterns_are_those_of_fnmatch)
{
	char pattern[8], name[8];
	unsigned matched = 0;

	for (int round = 0; round < 20000; round++) {
		bool expected;

		put_random(pattern, "aab*?[]!\\");
		put_random(name, "aab]\\");
		expected = fnmatch(pattern, name, 0) == 0;
		matched += expected;
		ck_assert_msg(argument_matches(pattern, name) == expected, "%s %s", pattern, name);
	}
	ck_assert_uint_gt(matched, 1000);
}

/* Forty of these took four seconds. */
START_TEST(what_ends_otherwise_is_seen_at_once)
{
	static char pattern[500 + 1] = "*", argument[131000];
	clock_t began = clock();

	memset(pattern + 1, 'a', sizeof(pattern) - 3);
	pattern[sizeof(pattern) - 2] = 'b';
	memset(argument, 'a', sizeof(argument) - 1);
	for (int i = 0; i < 40; i++)
		ck_assert(!argument_matches(pattern, argument));
	ck_assert_int_lt(clock() - began, 1 * CLOCKS_PER_SEC);
}

START_TEST(program_without_arguments_matches_no_argument)
{
	struct facts unknown = { 0 };
	struct facts none = { .arguments = "", .arguments_size = 0 };
	struct facts alone = { .arguments = "java", .arguments_size = sizeof("java") };
	struct facts empty = { .arguments = "java\0", .arguments_size = sizeof("java\0") };

	add((struct rule){
	    .line = 1, .condition = { [CONDITION_ARGUMENT] = patterns("*", NULL) } });
	ck_assert_uint_eq(decides(&unknown), 0);
	ck_assert_uint_eq(decides(&none), 0);
	ck_assert_uint_eq(decides(&alone), 0);
	ck_assert_uint_eq(decides(&empty), 1);
}

START_TEST(arguments_are_not_read_beyond_their_size)
{
	static const char words[] = { 'j', 'a', 'v', 'a', '\0', '-', 'j', '\0' };
	char *arguments = malloc(sizeof(words));
	struct facts facts = { .arguments = arguments, .arguments_size = sizeof(words) };

	ck_assert_ptr_nonnull(arguments);
	memcpy(arguments, words, sizeof(words));
	add((struct rule){
	    .line = 1, .condition = { [CONDITION_ARGUMENT] = patterns("none", NULL) } });
	ck_assert_uint_eq(decides(&facts), 0);
	free(arguments);
}

START_TEST(user_number_zero_is_a_user_as_any)
{
	struct facts root = { .user = 0 };
	struct facts other = { .user = 1 };

	add((struct rule){ .line = 1, .condition = { [CONDITION_USER] = numbers(0) } });
	ck_assert_uint_eq(decides(&root), 1);
	ck_assert_uint_eq(decides(&other), 0);
}

START_TEST(rule_that_looks_at_connections_waits_for_one)
{
	struct facts facts = { .remote = endpoint("10.20.1.1:5432"),
		.local = endpoint("10.0.0.1:1") };

	add((struct rule){ .line = 1, .direction = DIRECTION_CONNECT });
	add((struct rule){
	    .line = 2, .condition = { [CONDITION_REMOTE] = networks("10.0.0.0/8", NULL) } });
	add((struct rule){
	    .line = 3, .condition = { [CONDITION_LOCAL] = networks("10.0.0.0/8", NULL) } });
	add((struct rule){
	    .line = 4, .condition = { [CONDITION_REMOTE_PORT] = numbers(5432U << 16 | 5432) } });
	add((struct rule){
	    .line = 5, .condition = { [CONDITION_LOCAL_PORT] = numbers(1U << 16 | 1) } });
	add((struct rule){ .line = 6 });
	for (unsigned i = 0; i < 5; i++)
		ck_assert(policy_looks_at_connection(&build.rules[i]));
	ck_assert(!policy_looks_at_connection(&build.rules[5]));
	ck_assert_uint_eq(decides(&facts), 6);
	facts.direction = DIRECTION_CONNECT;
	ck_assert_uint_eq(decides(&facts), 1);
	facts.direction = DIRECTION_ACCEPT;
	ck_assert_uint_eq(decides(&facts), 2);
	facts.remote.known = false;
	ck_assert_uint_eq(decides(&facts), 3);
	facts.local.address[3]++;
	facts.local.address[2] = 0;
	ck_assert_uint_eq(decides(&facts), 5);
	facts.local.known = false;
	ck_assert_uint_eq(decides(&facts), 6);
}

static bool
network_holds(const char *first, const char *second, const char *address)
{
	struct facts facts = { .direction = DIRECTION_CONNECT, .remote = endpoint(address) };

	end();
	begin();
	add((struct rule){
	    .line = 1, .condition = { [CONDITION_REMOTE] = networks(first, second) } });
	return decides(&facts) == 1;
}

START_TEST(network_holds_its_addresses)
{
	ck_assert(network_holds("10.20.0.0/16", NULL, "10.20.255.255:1"));
	ck_assert(!network_holds("10.20.0.0/16", NULL, "10.21.0.0:1"));
	ck_assert(network_holds("10.20.3.4", NULL, "10.20.3.4:1"));
	ck_assert(!network_holds("10.20.3.4", NULL, "10.20.3.5:1"));
	ck_assert(network_holds("128.0.0.0/1", NULL, "255.0.0.1:1"));
	ck_assert(!network_holds("128.0.0.0/1", NULL, "127.255.255.255:1"));
	ck_assert(network_holds("0.0.0.0/0", NULL, "203.0.113.1:1"));
	ck_assert(network_holds("2001:db8::/32", NULL, "[2001:db8:ffff::1]:1"));
	ck_assert(!network_holds("2001:db8::/32", NULL, "[2001:db9::1]:1"));
	ck_assert(network_holds("2001:db8::/33", NULL, "[2001:db8:7fff::1]:1"));
	ck_assert(!network_holds("2001:db8::/33", NULL, "[2001:db8:8000::1]:1"));
	ck_assert(network_holds("fe80::1", NULL, "[fe80::1]:1"));
	ck_assert(!network_holds("fe80::1", NULL, "[fe80::2]:1"));
}

START_TEST(mapped_address_counts_as_ipv4)
{
	ck_assert(network_holds("10.20.0.0/16", NULL, "[::ffff:10.20.1.1]:1"));
	ck_assert(network_holds("::ffff:10.20.0.0/112", NULL, "10.20.1.1:1"));
	ck_assert(!network_holds("::ffff:10.20.0.0/112", NULL, "10.21.1.1:1"));
}

START_TEST(all_of_ipv6_does_not_hold_ipv4)
{
	ck_assert(network_holds("::/0", NULL, "[2001:db8::1]:1"));
	ck_assert(!network_holds("::/0", NULL, "10.20.1.1:1"));
	ck_assert(!network_holds("::/64", NULL, "10.20.1.1:1"));
	ck_assert(!network_holds("0.0.0.0/0", NULL, "[2001:db8::1]:1"));
	ck_assert(!network_holds("0.0.0.0/0", NULL, "[::1]:1"));
}

START_TEST(excluded_range_makes_the_condition_fail)
{
	ck_assert(network_holds("10.0.0.0/8", "!10.1.0.0/16", "10.2.0.1:1"));
	ck_assert(!network_holds("10.0.0.0/8", "!10.1.0.0/16", "10.1.0.1:1"));
	ck_assert(!network_holds("!10.1.0.0/16", "10.0.0.0/8", "10.1.0.1:1"));
	ck_assert(!network_holds("10.0.0.0/8", "!10.1.0.0/16", "192.0.2.1:1"));
}

START_TEST(exclusion_alone_means_every_other_address)
{
	ck_assert(network_holds("!10.0.0.0/8", NULL, "192.0.2.1:1"));
	ck_assert(network_holds("!10.0.0.0/8", NULL, "[2001:db8::1]:1"));
	ck_assert(!network_holds("!10.0.0.0/8", NULL, "10.9.9.9:1"));
	ck_assert(!network_holds("!10.0.0.0/8", NULL, "[::ffff:10.9.9.9]:1"));
}

START_TEST(ports_hold_from_the_first_to_the_last)
{
	struct facts facts = { .direction = DIRECTION_CONNECT, .remote = endpoint("10.0.0.1:1") };
	static const struct {
		uint16_t port;
		unsigned line;
	} cases[] = { { 7999, 0 }, { 8000, 1 }, { 8050, 1 }, { 8099, 1 }, { 8100, 0 }, { 0, 0 },
		{ 65535, 0 } };

	add((struct rule){
	    .line = 1, .condition = { [CONDITION_REMOTE_PORT] = numbers(8000U << 16 | 8099) } });
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		facts.remote.port = cases[i].port;
		ck_assert_uint_eq(decides(&facts), cases[i].line);
	}
}

START_TEST(direction_must_be_the_one_asked_for)
{
	struct facts facts = { .direction = DIRECTION_CONNECT };

	add((struct rule){ .line = 1, .direction = DIRECTION_ACCEPT });
	ck_assert_uint_eq(decides(&facts), 0);
	facts.direction = DIRECTION_ACCEPT;
	ck_assert_uint_eq(decides(&facts), 1);
}

/* Random policies from small pools, so that rules often hold. */
static const char *const programs[] = { "sshd", "java", "ja*", "*", "/opt/*", "*/java", "b?sh" };
static const char *const arguments_pool[] = { "-jar", "*/billing.jar", "x*", "?" };
static const char *const network_pool[] = { "10.0.0.0/8", "!10.1.0.0/16", "0.0.0.0/0", "::/0",
	"2001:db8::/32", "192.0.2.1" };
static const char *const executed_pool[] = { "/usr/sbin/sshd", "/usr/bin/java", "/opt/bin/java",
	"/opt/run.sh", NULL };
static const char *const image_pool[] = { "/usr/bin/java", "/bin/bash", NULL };
static const char *const endpoint_pool[] = { "10.1.2.3:80", "10.2.0.1:443", "192.0.2.1:5432",
	"[2001:db8::1]:80", "[::1]:1" };

#define PICK(pool) ((pool)[scratch_random(sizeof(pool) / sizeof((pool)[0]))])

static uint32_t
random_ports(void)
{
	uint32_t first = scratch_random(500);

	return numbers(first << 16 | (first + scratch_random(5000)));
}

static struct rule
random_rule(uint32_t line)
{
	struct rule rule = { .line = line };

	if (scratch_random(2) == 0)
		rule.condition[CONDITION_PROGRAM] =
		    patterns(PICK(programs), scratch_random(2) == 0 ? PICK(programs) : NULL);
	if (scratch_random(5) == 0)
		rule.condition[CONDITION_ARGUMENT] = patterns(PICK(arguments_pool), NULL);
	if (scratch_random(5) == 0)
		rule.condition[CONDITION_USER] = numbers(scratch_random(3));
	if (scratch_random(4) == 0)
		rule.direction = scratch_random(3);
	if (scratch_random(3) == 0)
		rule.condition[CONDITION_REMOTE] = networks(
		    PICK(network_pool), scratch_random(2) == 0 ? PICK(network_pool) : NULL);
	if (scratch_random(6) == 0)
		rule.condition[CONDITION_LOCAL] = networks(PICK(network_pool), NULL);
	if (scratch_random(4) == 0)
		rule.condition[CONDITION_REMOTE_PORT] = random_ports();
	if (scratch_random(8) == 0)
		rule.condition[CONDITION_LOCAL_PORT] = random_ports();
	return rule;
}

static struct facts
random_program(void)
{
	static const char arguments[] = "java\0-jar\0/srv/billing.jar";

	return (struct facts){ .executed = PICK(executed_pool),
		.image = PICK(image_pool),
		.arguments = arguments,
		.arguments_size = scratch_random(2) == 0 ? sizeof("java") : sizeof(arguments),
		.user = scratch_random(3) };
}

static void
random_connection(struct facts *facts)
{
	facts->direction = scratch_random(3);
	facts->remote = endpoint(PICK(endpoint_pool));
	facts->remote.known = scratch_random(8) != 0;
	facts->local = endpoint(PICK(endpoint_pool));
	facts->local.known = scratch_random(8) != 0;
}

static uint32_t
line_of(const struct rule *rule)
{
	return rule == NULL ? 0 : rule->line;
}

/* Narrowed to a program, a policy decides about each of its connections as it did before. */
static void
narrow_agrees(const struct policy *policy, struct facts *facts)
{
	struct rule *rules = calloc(policy->rule_count + 1, sizeof(*rules));
	struct policy narrow = *policy;

	ck_assert_ptr_nonnull(rules);
	if (policy->rule_count != 0)
		memcpy(rules, policy->rules, policy->rule_count * sizeof(*rules));
	narrow.rules = rules;
	narrow.rule_count = policy_narrow(&narrow, rules, facts);
	for (uint32_t i = 0; i < narrow.rule_count; i++) {
		ck_assert(policy_matches_program(policy, &rules[i], facts));
		ck_assert(i + 1 == narrow.rule_count || policy_looks_at_connection(&rules[i]));
		ck_assert(i == 0 || rules[i - 1].line < rules[i].line);
	}
	for (int i = 0; i < 12; i++) {
		ck_assert_uint_eq(
		    line_of(policy_match(policy, facts)), line_of(policy_match(&narrow, facts)));
		random_connection(facts);
	}
	free(rules);
}

/* Policies end with `defaults`, but policy_narrow() does not need it. */
START_TEST(narrow_keeps_what_can_still_decide)
{
	for (int round = 0; round < 500; round++) {
		uint32_t count = scratch_random(14);
		struct policy policy;

		end();
		begin();
		for (uint32_t i = 0; i < count; i++)
			add(random_rule(i + 1));
		if (scratch_random(4) != 0)
			add((struct rule){ .line = count + 1 });
		policy = build_policy(&build);
		for (int i = 0; i < 8; i++) {
			struct facts facts = random_program();

			narrow_agrees(&policy, &facts);
		}
	}
}

START_TEST(narrow_drops_what_can_never_decide)
{
	struct facts facts = { .executed = "/usr/bin/java" };
	struct policy policy;

	add((struct rule){
	    .line = 1, .condition = { [CONDITION_PROGRAM] = patterns("sshd", NULL) } });
	add((struct rule){ .line = 2,
	    .direction = DIRECTION_CONNECT,
	    .condition = { [CONDITION_PROGRAM] = patterns("sshd", NULL) } });
	add((struct rule){ .line = 3, .direction = DIRECTION_ACCEPT });
	add((struct rule){
	    .line = 4, .condition = { [CONDITION_PROGRAM] = patterns("java", NULL) } });
	add((struct rule){ .line = 5, .direction = DIRECTION_CONNECT });
	add((struct rule){ .line = 6 });
	policy = build_policy(&build);
	ck_assert_uint_eq(policy_narrow(&policy, build.rules, &facts), 2);
	ck_assert_uint_eq(build.rules[0].line, 3);
	ck_assert_uint_eq(build.rules[1].line, 4);
}

START_TEST(builtin_policy_is_tighten_60_10_6)
{
	struct settings builtin = settings_builtin();

	ck_assert_uint_eq(builtin.mode, MODE_TIGHTEN);
	ck_assert_uint_eq(builtin.profile, 0);
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		int32_t expected = VALUE_UNSET;

		if (option == OPTION_IDLE)
			expected = 60;
		if (option == OPTION_INTERVAL)
			expected = 10;
		if (option == OPTION_PROBES)
			expected = 6;
		if (option == OPTION_RETRANSMIT_MAX)
			expected = VALUE_AUTO;
		ck_assert_int_eq(builtin.value[option], expected);
	}
}

START_TEST(first_value_wins_when_settings_are_filled)
{
	struct settings to = settings_unset();
	struct settings from = settings_builtin();
	uint32_t filled;

	to.value[OPTION_IDLE] = 30;
	from.mode = MODE_SUGGEST;
	from.profile = 7;
	from.value[OPTION_USER_TIMEOUT] = VALUE_OFF;
	filled = settings_fill(&to, &from);
	ck_assert_uint_eq(filled, 1U << OPTION_INTERVAL | 1U << OPTION_PROBES |
				      1U << OPTION_USER_TIMEOUT | 1U << OPTION_RETRANSMIT_MAX);
	ck_assert_int_eq(to.value[OPTION_IDLE], 30);
	ck_assert_int_eq(to.value[OPTION_INTERVAL], 10);
	ck_assert_int_eq(to.value[OPTION_USER_TIMEOUT], VALUE_OFF);
	ck_assert_int_eq(to.value[OPTION_SYN_COUNT], VALUE_UNSET);
	ck_assert_uint_eq(to.mode, MODE_SUGGEST);
	ck_assert_uint_eq(to.profile, 7);

	from.mode = MODE_OFF;
	from.profile = 8;
	from.value[OPTION_USER_TIMEOUT] = 5;
	ck_assert_uint_eq(settings_fill(&to, &from), 0);
	ck_assert_int_eq(to.value[OPTION_USER_TIMEOUT], VALUE_OFF);
	ck_assert_uint_eq(to.mode, MODE_SUGGEST);
	ck_assert_uint_eq(to.profile, 7);
}

START_TEST(path_timeout_gives_two_fifths_a_tenth_and_five)
{
	static const struct {
		int32_t timeout, idle, interval;
	} cases[] = { { 4, 1, 1 }, { 5, 2, 1 }, { 19, 7, 1 }, { 20, 8, 2 }, { 240, 96, 24 },
		{ 300, 120, 30 }, { 350, 140, 30 }, { 900, 360, 30 }, { 1800, 720, 30 },
		{ 81917, 32766, 30 }, { 81918, 32767, 30 }, { 86400, 32767, 30 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings settings = settings_unset();

		settings.value[OPTION_PATH_TIMEOUT] = cases[i].timeout;
		ck_assert_uint_eq(settings_derive(&settings),
		    1U << OPTION_IDLE | 1U << OPTION_INTERVAL | 1U << OPTION_PROBES);
		ck_assert_int_eq(settings.value[OPTION_IDLE], cases[i].idle);
		ck_assert_int_eq(settings.value[OPTION_INTERVAL], cases[i].interval);
		ck_assert_int_eq(settings.value[OPTION_PROBES], 5);
	}
}

START_TEST(third_probe_is_inside_of_every_path_timeout)
{
	const struct option_row *row = &option_table[OPTION_PATH_TIMEOUT];

	for (int32_t timeout = row->min; timeout <= row->max; timeout++) {
		struct settings settings = settings_unset();
		const int32_t *idle = &settings.value[OPTION_IDLE];
		const int32_t *interval = &settings.value[OPTION_INTERVAL];

		settings.value[OPTION_PATH_TIMEOUT] = timeout;
		settings_derive(&settings);
		if (*idle < 1 || *idle > 32767 || *interval < 1 || *interval > 30 ||
		    *idle + 2 * *interval >= timeout)
			ck_abort_msg("%d: idle %d, interval %d", timeout, *idle, *interval);
	}
}

START_TEST(path_timeout_leaves_what_is_set)
{
	struct settings settings = settings_unset();

	settings.value[OPTION_PATH_TIMEOUT] = 350;
	settings.value[OPTION_INTERVAL] = 5;
	ck_assert_uint_eq(settings_derive(&settings), 1U << OPTION_IDLE | 1U << OPTION_PROBES);
	ck_assert_int_eq(settings.value[OPTION_INTERVAL], 5);
	ck_assert_uint_eq(settings_derive(&settings), 0);
}

START_TEST(nothing_is_derived_without_path_timeout)
{
	struct settings settings = settings_unset();
	struct settings unset = settings_unset();

	ck_assert_uint_eq(settings_derive(&settings), 0);
	ck_assert_mem_eq(&settings, &unset, sizeof(unset));
}

START_TEST(resolved_settings_switch_keepalive_on_unless_off)
{
	static const struct {
		enum mode mode;
		int32_t keepalive;
	} cases[] = { { MODE_TIGHTEN, 1 }, { MODE_FORCE, 1 }, { MODE_SUGGEST, 1 },
		{ MODE_OFF, VALUE_UNSET } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings settings = settings_builtin();

		settings.mode = cases[i].mode;
		settings_resolve(&settings, RETRANSMIT_RETRIES);
		ck_assert_int_eq(settings.value[OPTION_KEEPALIVE], cases[i].keepalive);
	}
}

static int32_t
resolved_user_timeout(int32_t idle, int32_t interval, int32_t count, int32_t user_timeout)
{
	struct settings settings = settings_builtin();

	settings.value[OPTION_IDLE] = idle;
	settings.value[OPTION_INTERVAL] = interval;
	settings.value[OPTION_PROBES] = count;
	settings.value[OPTION_USER_TIMEOUT] = user_timeout;
	settings_resolve(&settings, RETRANSMIT_RETRIES);
	return settings.value[OPTION_USER_TIMEOUT];
}

START_TEST(user_timeout_auto_is_idle_plus_interval_times_count)
{
	ck_assert_int_eq(resolved_user_timeout(60, 10, 6, VALUE_AUTO), 120000);
	ck_assert_int_eq(resolved_user_timeout(140, 30, 5, VALUE_AUTO), 290000);
	ck_assert_int_eq(resolved_user_timeout(1, 1, 1, VALUE_AUTO), 2000);
}

START_TEST(user_timeout_auto_does_not_overflow)
{
	ck_assert_int_eq(resolved_user_timeout(32767, 32767, 127, VALUE_AUTO), INT32_MAX);
	ck_assert_int_eq(resolved_user_timeout(2147483 - 100, 10, 10, VALUE_AUTO), 2147483000);
	ck_assert_int_eq(resolved_user_timeout(2147484 - 100, 10, 10, VALUE_AUTO), INT32_MAX);
	ck_assert_int_eq(resolved_user_timeout(32767, 16651, 127, VALUE_AUTO), 2147444000);
}

START_TEST(user_timeout_off_leaves_the_socket_untouched)
{
	ck_assert_int_eq(resolved_user_timeout(60, 10, 6, VALUE_OFF), VALUE_UNSET);
	ck_assert_int_eq(resolved_user_timeout(60, 10, 6, VALUE_UNSET), VALUE_UNSET);
	ck_assert_int_eq(resolved_user_timeout(60, 10, 6, 5000), 5000);
}

static int32_t
resolved_retransmit_max(int32_t idle, int32_t interval, int32_t count, int32_t value)
{
	struct settings settings = settings_builtin();

	settings.value[OPTION_IDLE] = idle;
	settings.value[OPTION_INTERVAL] = interval;
	settings.value[OPTION_PROBES] = count;
	settings.value[OPTION_RETRANSMIT_MAX] = value;
	settings_resolve(&settings, RETRANSMIT_RETRIES);
	return settings.value[OPTION_RETRANSMIT_MAX];
}

START_TEST(retransmit_max_auto_ends_data_in_flight_when_silence_would)
{
	for (int round = 0; round < 20000; round++) {
		struct settings settings = settings_builtin();
		int64_t silence, in_flight;

		settings.value[OPTION_IDLE] = 1 + (int32_t)scratch_random(600);
		settings.value[OPTION_INTERVAL] = 1 + (int32_t)scratch_random(30);
		settings.value[OPTION_PROBES] = 1 + (int32_t)scratch_random(10);
		settings_resolve(&settings, RETRANSMIT_RETRIES);
		silence = settings_dead_after(&settings) * 1000;
		in_flight = settings_in_flight_after(&settings, RETRANSMIT_RETRIES);
		if (silence < 14400)
			ck_assert_int_eq(in_flight, 14600);
		else if (silence > 924000)
			ck_assert_int_eq(in_flight, 924800);
		else
			ck_assert_int_lt(llabs(in_flight - silence), 2000);
	}
	ck_assert_int_eq(settings_builtin().value[OPTION_RETRANSMIT_MAX], VALUE_AUTO);
	ck_assert_int_eq(resolved_retransmit_max(60, 10, 6, VALUE_AUTO), 10800);
	ck_assert_int_eq(resolved_retransmit_max(32767, 32767, 127, VALUE_AUTO), VALUE_UNSET);
}

START_TEST(retransmit_max_off_leaves_the_socket_untouched)
{
	ck_assert_int_eq(resolved_retransmit_max(60, 10, 6, VALUE_OFF), VALUE_UNSET);
	ck_assert_int_eq(resolved_retransmit_max(60, 10, 6, 5000), 5000);
}

START_TEST(retransmit_max_auto_leaves_data_in_flight_to_a_user_timeout)
{
	struct settings settings = settings_builtin();

	settings.value[OPTION_USER_TIMEOUT] = 9000;
	settings_resolve(&settings, RETRANSMIT_RETRIES);
	ck_assert_int_eq(settings.value[OPTION_RETRANSMIT_MAX], VALUE_UNSET);
	ck_assert_int_eq(settings_in_flight_after(&settings, RETRANSMIT_RETRIES), 9000);
	settings.value[OPTION_RETRANSMIT_MAX] = 5000;
	settings_resolve(&settings, RETRANSMIT_RETRIES);
	ck_assert_int_eq(settings.value[OPTION_RETRANSMIT_MAX], 5000);
}

/* As the kernel does it: at idle a probe goes out, and every interval it looks again. */
static int64_t
simulated_end(int64_t idle, int64_t interval, int64_t count, int64_t user_timeout)
{
	int64_t elapsed = idle;

	for (int64_t sent = 0;; sent++, elapsed += interval)
		if (user_timeout == VALUE_UNSET ? sent >= count
						: elapsed * 1000 >= user_timeout && sent > 0)
			return elapsed;
}

START_TEST(dead_connection_ends_when_the_kernel_ends_it)
{
	for (int round = 0; round < 20000; round++) {
		struct settings settings = settings_builtin();
		int32_t *value = settings.value;

		value[OPTION_IDLE] = 1 + (int32_t)scratch_random(100);
		value[OPTION_INTERVAL] = 1 + (int32_t)scratch_random(20);
		value[OPTION_PROBES] = 1 + (int32_t)scratch_random(10);
		if (round % 3 == 0)
			value[OPTION_USER_TIMEOUT] = 1 + (int32_t)scratch_random(200000);
		if (round % 3 == 1)
			value[OPTION_USER_TIMEOUT] = VALUE_AUTO;
		settings_resolve(&settings, RETRANSMIT_RETRIES);
		ck_assert_int_eq(settings_dead_after(&settings),
		    simulated_end(value[OPTION_IDLE], value[OPTION_INTERVAL], value[OPTION_PROBES],
			value[OPTION_USER_TIMEOUT]));
	}
}

START_TEST(user_timeout_auto_ends_a_connection_when_count_would)
{
	struct settings settings = settings_builtin();

	settings.value[OPTION_USER_TIMEOUT] = VALUE_AUTO;
	settings_resolve(&settings, RETRANSMIT_RETRIES);
	ck_assert_int_eq(settings_dead_after(&settings), 120);
	settings.value[OPTION_USER_TIMEOUT] = VALUE_UNSET;
	ck_assert_int_eq(settings_dead_after(&settings), 120);
	settings.value[OPTION_USER_TIMEOUT] = INT32_MAX;
	ck_assert_int_eq(settings_dead_after(&settings), 2147490);
	settings.value[OPTION_USER_TIMEOUT] = 1;
	ck_assert_int_eq(settings_dead_after(&settings), 70);
}

START_TEST(keepalive_that_is_false_has_no_times)
{
	struct settings settings = settings_builtin();

	settings.value[OPTION_KEEPALIVE] = 0;
	settings.value[OPTION_SYN_COUNT] = 3;
	settings_resolve(&settings, RETRANSMIT_RETRIES);
	ck_assert_int_eq(settings.value[OPTION_KEEPALIVE], 0);
	ck_assert_int_eq(settings.value[OPTION_IDLE], VALUE_UNSET);
	ck_assert_int_eq(settings.value[OPTION_INTERVAL], VALUE_UNSET);
	ck_assert_int_eq(settings.value[OPTION_PROBES], VALUE_UNSET);
	ck_assert_int_eq(settings.value[OPTION_SYN_COUNT], 3);
	ck_assert_int_eq(settings_dead_after(&settings), -1);
}

START_TEST(mode_says_whose_value_a_socket_gets)
{
	static const struct {
		enum mode mode;
		int32_t policy, asked, chosen;
	} cases[] = {
		{ MODE_OFF, 60, 5, 5 },
		{ MODE_OFF, 60, VALUE_UNSET, VALUE_UNSET },
		{ MODE_FORCE, 60, 5, 60 },
		{ MODE_FORCE, 60, VALUE_UNSET, 60 },
		{ MODE_FORCE, VALUE_UNSET, 5, 5 },
		{ MODE_SUGGEST, 60, 5, 5 },
		{ MODE_SUGGEST, 60, 7200, 7200 },
		{ MODE_SUGGEST, 60, VALUE_UNSET, 60 },
		{ MODE_TIGHTEN, 60, 5, 5 },
		{ MODE_TIGHTEN, 60, 7200, 60 },
		{ MODE_TIGHTEN, 60, VALUE_UNSET, 60 },
		{ MODE_TIGHTEN, VALUE_UNSET, 7200, 7200 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings settings = settings_unset();

		settings.mode = cases[i].mode;
		settings.value[OPTION_IDLE] = cases[i].policy;
		ck_assert_int_eq(
		    settings_choose(&settings, OPTION_IDLE, cases[i].asked), cases[i].chosen);
	}
}

START_TEST(modes_have_names_and_no_others)
{
	ck_assert_int_eq(mode_named("tighten", 7), MODE_TIGHTEN);
	ck_assert_int_eq(mode_named("force", 5), MODE_FORCE);
	ck_assert_int_eq(mode_named("suggest", 7), MODE_SUGGEST);
	ck_assert_int_eq(mode_named("off", 3), MODE_OFF);
	ck_assert_int_eq(mode_named("off", 2), MODE_UNSET);
	ck_assert_int_eq(mode_named("", 0), MODE_UNSET);
	ck_assert_int_eq(mode_named("Off", 3), MODE_UNSET);
	ck_assert_int_eq(mode_named("offer", 5), MODE_UNSET);
	for (enum mode mode = MODE_TIGHTEN; mode <= MODE_OFF; mode++)
		ck_assert_int_eq(mode_named(mode_name(mode), strlen(mode_name(mode))), mode);
}

static TCase *
match_claims(void)
{
	TCase *claims = tcase_create("match");

	tcase_add_checked_fixture(claims, begin, end);
	tcase_add_test(claims, first_matching_rule_wins);
	tcase_add_test(claims, no_rule_matches_without_defaults);
	tcase_add_test(claims, rule_without_conditions_holds_for_everything);
	tcase_add_test(claims, pattern_without_slash_is_for_the_base_name);
	tcase_add_test(claims, pattern_with_slash_is_for_the_whole_path);
	tcase_add_test(claims, script_is_matched_by_its_own_name_or_its_interpreter);
	tcase_add_test(claims, unknown_program_matches_no_pattern);
	tcase_add_test(claims, one_member_of_a_list_is_enough);
	tcase_add_test(claims, all_conditions_must_hold);
	tcase_add_test(claims, argument_is_matched_as_a_whole_and_never_argv0);
	tcase_add_test(claims, patterns_are_those_of_fnmatch);
	tcase_add_test(claims, what_ends_otherwise_is_seen_at_once);
	tcase_add_test(claims, program_without_arguments_matches_no_argument);
	tcase_add_test(claims, arguments_are_not_read_beyond_their_size);
	tcase_add_test(claims, user_number_zero_is_a_user_as_any);
	tcase_add_test(claims, rule_that_looks_at_connections_waits_for_one);
	tcase_add_test(claims, network_holds_its_addresses);
	tcase_add_test(claims, mapped_address_counts_as_ipv4);
	tcase_add_test(claims, all_of_ipv6_does_not_hold_ipv4);
	tcase_add_test(claims, excluded_range_makes_the_condition_fail);
	tcase_add_test(claims, exclusion_alone_means_every_other_address);
	tcase_add_test(claims, ports_hold_from_the_first_to_the_last);
	tcase_add_test(claims, direction_must_be_the_one_asked_for);
	tcase_add_test(claims, narrow_keeps_what_can_still_decide);
	tcase_add_test(claims, narrow_drops_what_can_never_decide);
	return claims;
}

Suite *
policy_suite(void)
{
	Suite *suite = suite_create("policy");
	TCase *settings = tcase_create("settings");

	suite_add_tcase(suite, match_claims());
	tcase_add_test(settings, builtin_policy_is_tighten_60_10_6);
	tcase_add_test(settings, first_value_wins_when_settings_are_filled);
	tcase_add_test(settings, path_timeout_gives_two_fifths_a_tenth_and_five);
	tcase_add_test(settings, third_probe_is_inside_of_every_path_timeout);
	tcase_add_test(settings, path_timeout_leaves_what_is_set);
	tcase_add_test(settings, nothing_is_derived_without_path_timeout);
	tcase_add_test(settings, resolved_settings_switch_keepalive_on_unless_off);
	tcase_add_test(settings, user_timeout_auto_is_idle_plus_interval_times_count);
	tcase_add_test(settings, user_timeout_auto_does_not_overflow);
	tcase_add_test(settings, user_timeout_off_leaves_the_socket_untouched);
	tcase_add_test(settings, dead_connection_ends_when_the_kernel_ends_it);
	tcase_add_test(settings, retransmit_max_auto_ends_data_in_flight_when_silence_would);
	tcase_add_test(settings, retransmit_max_off_leaves_the_socket_untouched);
	tcase_add_test(settings, retransmit_max_auto_leaves_data_in_flight_to_a_user_timeout);
	tcase_add_test(settings, user_timeout_auto_ends_a_connection_when_count_would);
	tcase_add_test(settings, modes_have_names_and_no_others);
	tcase_add_test(settings, keepalive_that_is_false_has_no_times);
	tcase_add_test(settings, mode_says_whose_value_a_socket_gets);
	suite_add_tcase(suite, settings);
	return suite;
}
