/* SPDX-License-Identifier: MIT */
#include "measure-target.h"

#include <string.h>

#include "suites.h"

static struct target found;
static char message[400];
static bool is_usage;

static void
release(void)
{
	target_free(&found);
	found = (struct target){ 0 };
}

static bool
find(const char *host_port, const char *local)
{
	struct text error = text_in(message, sizeof(message));

	release();
	return target_find(&found, host_port, local, &error, &is_usage);
}

START_TEST(addresses_are_found_with_and_without_brackets)
{
	static const char *const cases[][2] = {
		{ "127.0.0.1:7000", "127.0.0.1:7000" },
		{ "[::1]:443", "[::1]:443" },
		{ "[127.0.0.1]:80", "127.0.0.1:80" },
		{ "[fd77:2::2]:65535", "[fd77:2::2]:65535" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[TARGET_NAME_SIZE];

		ck_assert_msg(find(cases[i][0], NULL), "%s", message);
		target_name(found.chosen->ai_addr, found.chosen->ai_addrlen, name);
		ck_assert_str_eq(name, cases[i][1]);
	}
}

START_TEST(what_is_no_host_and_port_is_refused_with_what_is_allowed)
{
	static const char *const cases[] = { "", ":", ":80", "127.0.0.1", "127.0.0.1:", "::1:80",
		"[::1]", "[::1]80", "[]:80", "[::1:80", "[:80" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(!find(cases[i], NULL), "%s", cases[i]);
		ck_assert(is_usage);
		ck_assert_ptr_nonnull(strstr(message, "allowed is HOST:PORT or [IPV6]:PORT"));
	}
}

START_TEST(long_names_are_refused)
{
	char name[1000];

	memset(name, 'a', sizeof(name));
	memcpy(name + sizeof(name) - 4, ":80", 4);
	ck_assert(!find(name, NULL));
}

START_TEST(the_own_address_chooses_the_family)
{
	ck_assert(find("127.0.0.1:7000", "127.0.0.2"));
	ck_assert_int_eq(found.local->ai_family, AF_INET);
	ck_assert(!find("127.0.0.1:7000", "::1"));
	ck_assert(!find("127.0.0.1:7000", "eth0"));
	ck_assert(is_usage);
	ck_assert_str_eq(message,
	    "--local: eth0: not understood, allowed is an IPv4 or IPv6 address of this host");
}

START_TEST(a_port_is_a_number_or_a_known_name)
{
	ck_assert(!find("127.0.0.1:no-such-service", NULL));
	ck_assert(is_usage);
	ck_assert_ptr_nonnull(strstr(message, "no such port, allowed is 1..65535"));
}

Suite *
measure_target_suite(void)
{
	Suite *suite = suite_create("measure-target");
	TCase *tests = tcase_create("target");

	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_test(tests, addresses_are_found_with_and_without_brackets);
	tcase_add_test(tests, what_is_no_host_and_port_is_refused_with_what_is_allowed);
	tcase_add_test(tests, long_names_are_refused);
	tcase_add_test(tests, the_own_address_chooses_the_family);
	tcase_add_test(tests, a_port_is_a_number_or_a_known_name);
	suite_add_tcase(suite, tests);
	return suite;
}
