/* SPDX-License-Identifier: MIT */
#include "../../shim/page.h"

#include "suites.h"

/* 4, 16 and 64 KiB. */
static const size_t pages[] = { 0x1000, 0x4000, 0x10000 };

START_TEST(a_byte_lies_in_the_page_that_starts_before_it)
{
	for (int i = _i; i >= 0; i--) {
		ck_assert_uint_eq(page_start(0, pages[i]), 0);
		ck_assert_uint_eq(page_start(pages[_i] - 1, pages[_i]), 0);
		ck_assert_uint_eq(page_start(pages[_i], pages[i]), pages[_i]);
		ck_assert_uint_eq(page_start(UINTPTR_MAX, pages[i]), UINTPTR_MAX - pages[i] + 1);
	}
}
END_TEST

START_TEST(an_end_is_that_of_the_last_page_with_a_byte)
{
	ck_assert_uint_eq(page_end(0, pages[_i]), 0);
	ck_assert_uint_eq(page_end(1, pages[_i]), pages[_i]);
	ck_assert_uint_eq(page_end(pages[_i], pages[_i]), pages[_i]);
	ck_assert_uint_eq(page_end(pages[_i] + 1, pages[_i]), 2 * pages[_i]);
}
END_TEST

/* The library's data as linkers lay them out: in one page, at the end of one, across two. */
START_TEST(what_is_sealed_is_whole_pages_around_the_data)
{
	static const uintptr_t data[][2] = { { 0xa4e0, 0xb50 }, { 0x1ffc8, 0x38 },
		{ 0x1ff00, 0x200 }, { 0x20000, 1 } };

	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		uintptr_t start = page_start(data[i][0], pages[_i]);
		uintptr_t end = page_end(data[i][0] + data[i][1], pages[_i]);

		ck_assert_uint_eq(start % pages[_i], 0);
		ck_assert_uint_eq(end % pages[_i], 0);
		ck_assert_uint_le(start, data[i][0]);
		ck_assert_uint_gt(start + pages[_i], data[i][0]);
		ck_assert_uint_ge(end, data[i][0] + data[i][1]);
		ck_assert_uint_lt(end, data[i][0] + data[i][1] + pages[_i]);
	}
}
END_TEST

Suite *
page_suite(void)
{
	enum { PAGES = sizeof(pages) / sizeof(pages[0]) };
	Suite *suite = suite_create("page");
	TCase *claims = tcase_create("page");

	tcase_add_loop_test(claims, a_byte_lies_in_the_page_that_starts_before_it, 0, PAGES);
	tcase_add_loop_test(claims, an_end_is_that_of_the_last_page_with_a_byte, 0, PAGES);
	tcase_add_loop_test(claims, what_is_sealed_is_whole_pages_around_the_data, 0, PAGES);
	suite_add_tcase(suite, claims);
	return suite;
}
