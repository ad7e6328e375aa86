/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <string.h>

#include "suites.h"

static char message[400];

static bool
reads(const char *text, struct network *network)
{
	struct text error = text_in(message, sizeof(message));

	return address_read_network(text, network, &error);
}

START_TEST(networks_are_read_and_written_alike)
{
	static const char *const cases[][2] = {
		{ "10.20.0.0/16", "10.20.0.0/16" },
		{ "10.20.3.4", "10.20.3.4" },
		{ "10.20.3.4/32", "10.20.3.4" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "!10.0.0.0/8", "!10.0.0.0/8" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "!2001:DB8:0::1", "!2001:db8::1" },
		{ "::/0", "::/0" },
		{ "::1/128", "::1" },
		{ "::ffff:10.20.0.0/112", "10.20.0.0/16" },
		{ "::ffff:10.20.3.4", "10.20.3.4" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network network;
		char buffer[80];
		struct text text = text_in(buffer, sizeof(buffer));

		ck_assert_msg(reads(cases[i][0], &network), "%s", message);
		address_put_network(&text, &network);
		ck_assert_str_eq(buffer, cases[i][1]);
	}
}

START_TEST(ipv4_is_kept_in_its_mapped_form)
{
	struct network network;

	ck_assert(reads("10.20.0.0/16", &network));
	ck_assert_uint_eq(network.address[0], 0);
	ck_assert_uint_eq(network.address[1], 0);
	ck_assert_uint_eq(network.address[2], 0xffff);
	ck_assert_uint_eq(network.address[3], 0x0a140000);
	ck_assert_uint_eq(network.prefix, 96 + 16);
	ck_assert_uint_eq(network.excluded, 0);
}

START_TEST(bits_beyond_the_prefix_are_refused_with_what_may_be_meant)
{
	static const char *const cases[][2] = {
		{ "10.20.0.1/16", "10.20.0.0/16" },
		{ "10.20.0.1/0", "0.0.0.0/0" },
		{ "10.20.0.1/31", "10.20.0.0/31" },
		{ "!10.20.0.1/31", "!10.20.0.0/31" },
		{ "2001:db8::1/32", "2001:db8::/32" },
		{ "8000::/0", "::/0" },
		{ "::ffff:10.20.0.1/112", "10.20.0.0/16" },
		{ "2001:db8:0:1::/63", "2001:db8::/63" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network network;
		char expected[200];
		struct text text = text_in(expected, sizeof(expected));

		text_put(&text, "\"");
		text_put(&text, cases[i][0]);
		text_put(&text, "\" has bits set beyond its prefix, did you mean \"");
		text_put(&text, cases[i][1]);
		text_put(&text, "\"?");
		ck_assert_msg(!reads(cases[i][0], &network), "%s", cases[i][0]);
		ck_assert_str_eq(message, expected);
	}
}

START_TEST(what_is_no_address_is_refused)
{
	static const char *const cases[] = { "", "!", "/8", "10.20", "10.20.0.256", "10.20.0.0.0",
		"localhost", "10.20.0.0 /16", " 10.20.0.0", "! 10.0.0.0/8", "!!10.0.0.0/8",
		"2001:db8::g", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "[::1]", "010.0.0.1", "0x7f.1",
		"::ffff:10.20.0.0:1", "10.20.0.0-10.20.0.9",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network network;

		ck_assert_msg(!reads(cases[i], &network), "%s is not refused", cases[i]);
		ck_assert_msg(
		    strstr(message, "\" is not an address, allowed are ") != NULL, "%s", message);
	}
}

START_TEST(prefix_beyond_its_family_is_refused)
{
	static const char *const v4[] = { "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/a",
		"10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10.0.0.0/4294967304", "10.0.0.0/ 8" };
	static const char *const v6[] = { "::/129", "::/", "2001:db8::/1000000000000000000000" };
	struct network network;

	for (size_t i = 0; i < sizeof(v4) / sizeof(v4[0]); i++) {
		ck_assert_msg(!reads(v4[i], &network), "%s is not refused", v4[i]);
		ck_assert_msg(
		    strstr(message, ": the prefix is not within 0..32") != NULL, "%s", message);
	}
	for (size_t i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
		ck_assert_msg(!reads(v6[i], &network), "%s is not refused", v6[i]);
		ck_assert_msg(
		    strstr(message, ": the prefix is not within 0..128") != NULL, "%s", message);
	}
}

static bool
reads_ports(const char *value, uint32_t *ranges, uint32_t room, uint32_t *count)
{
	struct text error = text_in(message, sizeof(message));

	return address_read_ports(value, ranges, room, count, &error);
}

START_TEST(ports_are_numbers_and_ranges_with_commas)
{
	uint32_t ranges[4];
	uint32_t count = 0;

	ck_assert(reads_ports("5432", ranges, 4, &count));
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(ranges[0], 5432U << 16 | 5432);
	ck_assert(reads_ports("1-65535,8000-8099, 22", ranges, 4, &count));
	ck_assert_uint_eq(count, 4);
	ck_assert_uint_eq(ranges[1], 1U << 16 | 65535);
	ck_assert_uint_eq(ranges[2], 8000U << 16 | 8099);
	ck_assert_uint_eq(ranges[3], 22U << 16 | 22);
}

START_TEST(wrong_ports_are_refused)
{
	static const char *const cases[] = { "", ",", "80,", ",80", "80,,81", "0", "0-5", "65536",
		"1-65536", "90-80", "-80", "80-", "-", "80-90-100", "http", "80 ", "80 , 81",
		"4294967376", "0x50", "+80", "80;81" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t ranges[4];
		uint32_t count = 0;

		ck_assert_msg(
		    !reads_ports(cases[i], ranges, 4, &count), "%s is not refused", cases[i]);
		ck_assert_msg(
		    strstr(message, "\" is not understood, allowed are ports within 1..65535") !=
			NULL,
		    "%s", message);
	}
}

START_TEST(ports_stay_within_their_room)
{
	uint32_t ranges[2];
	uint32_t count = 0;

	ck_assert(!reads_ports("1,2,3", ranges, 2, &count));
	ck_assert_str_eq(message, "more than 2 ranges, give some of them to a second rule");
	ck_assert_uint_eq(count, 2);
}

static bool
reads_endpoint(const char *text, struct endpoint *endpoint)
{
	struct text error = text_in(message, sizeof(message));

	return address_read_endpoint(text, endpoint, &error);
}

START_TEST(endpoints_are_addresses_with_ports)
{
	struct endpoint endpoint;

	ck_assert(reads_endpoint("10.0.0.1:5432", &endpoint));
	ck_assert(endpoint.known);
	ck_assert_uint_eq(endpoint.port, 5432);
	ck_assert_uint_eq(endpoint.address[2], 0xffff);
	ck_assert_uint_eq(endpoint.address[3], 0x0a000001);
	ck_assert(reads_endpoint("[2001:db8::1]:65535", &endpoint));
	ck_assert_uint_eq(endpoint.port, 65535);
	ck_assert_uint_eq(endpoint.address[0], 0x20010db8);
	ck_assert_uint_eq(endpoint.address[3], 1);
	ck_assert(reads_endpoint("[::ffff:10.0.0.1]:1", &endpoint));
	ck_assert_uint_eq(endpoint.address[2], 0xffff);
}

START_TEST(wrong_endpoints_are_refused)
{
	static const char *const cases[] = { "", ":", ":80", "10.0.0.1",
		"10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:http", "10.0.0.1:-1", "10.0.0.1: 80",
		"[::1]", "[::1]80", "[::1:80", "[]:80", "[:80", "]:80", "::1]:80", "[10.0.0.1:80",
		"localhost:80", "::1", "10.0.0.0/8:80",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:1" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct endpoint endpoint;

		ck_assert_msg(!reads_endpoint(cases[i], &endpoint), "%s is not refused", cases[i]);
		ck_assert_msg(
		    strstr(message, "\" is not understood, allowed is ADDRESS:PORT") != NULL, "%s",
		    message);
	}
}

START_TEST(ipv6_endpoint_without_brackets_is_refused)
{
	struct endpoint endpoint;

	ck_assert(!reads_endpoint("2001:db8::5:1", &endpoint));
}

Suite *
address_suite(void)
{
	Suite *suite = suite_create("address");
	TCase *claims = tcase_create("address");

	tcase_add_test(claims, networks_are_read_and_written_alike);
	tcase_add_test(claims, ipv4_is_kept_in_its_mapped_form);
	tcase_add_test(claims, bits_beyond_the_prefix_are_refused_with_what_may_be_meant);
	tcase_add_test(claims, what_is_no_address_is_refused);
	tcase_add_test(claims, prefix_beyond_its_family_is_refused);
	tcase_add_test(claims, ports_are_numbers_and_ranges_with_commas);
	tcase_add_test(claims, wrong_ports_are_refused);
	tcase_add_test(claims, ports_stay_within_their_room);
	tcase_add_test(claims, endpoints_are_addresses_with_ports);
	tcase_add_test(claims, wrong_endpoints_are_refused);
	tcase_add_test(claims, ipv6_endpoint_without_brackets_is_refused);
	suite_add_tcase(suite, claims);
	return suite;
}
