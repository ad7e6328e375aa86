/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scratch.h"
#include "suites.h"

static struct documents documents;
static struct diagnostics diagnostics;

static void
begin(void)
{
	scratch_enter();
	documents = (struct documents){ 0 };
	diagnostics = (struct diagnostics){ 0 };
}

static void
end(void)
{
	documents_free(&documents);
	diagnostic_free(&diagnostics);
}

static void
read_all(void)
{
	end();
	diagnostics = (struct diagnostics){ 0 };
	documents_read("", "kashim.conf", &documents, &diagnostics);
}

static const struct document *
last(void)
{
	return &documents.document[documents.count - 1];
}

static void
refused(const char *file, const char *message)
{
	read_all();
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_str_eq(diagnostics.entries[0].file, file);
	ck_assert_str_eq(diagnostics.entries[0].message, message);
	ck_assert_uint_eq(diagnostics.entries[0].line, 0);
	ck_assert_ptr_null(last()->text);
}

START_TEST(file_is_read_whole)
{
	char *path = scratch_path("kashim.conf");

	scratch_write("kashim.conf", "idle = 60;\n");
	read_all();
	ck_assert_uint_eq(diagnostics.count, 0);
	ck_assert_uint_eq(documents.count, 1);
	ck_assert(last()->exists);
	ck_assert_str_eq(last()->text, "idle = 60;\n");
	ck_assert_str_eq(last()->path, "kashim.conf");
	ck_assert_str_eq(last()->absolute, path);
	ck_assert_int_eq(last()->stat.st_size, 11);
	ck_assert(!documents.directory.exists);
	free(path);
}

START_TEST(file_that_does_not_exist_is_no_error)
{
	read_all();
	ck_assert_uint_eq(diagnostics.count, 0);
	ck_assert(!last()->exists);
	ck_assert_ptr_null(last()->text);
}

START_TEST(dropins_come_first_in_the_order_of_their_names)
{
	static const char *const expected[] = { "kashim.conf.d/10-a.conf", "kashim.conf.d/9.conf",
		"kashim.conf.d/B.conf", "kashim.conf.d/a.conf", "kashim.conf" };

	ck_assert_int_eq(mkdir("kashim.conf.d", 0755), 0);
	for (size_t i = 5; i-- > 0;)
		scratch_write(expected[i], "");
	scratch_write("kashim.conf.d/.hidden.conf", "");
	scratch_write("kashim.conf.d/c.conf~", "");
	scratch_write("kashim.conf.d/c.conf.bak", "");
	scratch_write("kashim.conf.d/README", "");
	scratch_write("kashim.conf.d/.conf", "");
	read_all();
	ck_assert_uint_eq(diagnostics.count, 0);
	ck_assert_uint_eq(documents.count, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_str_eq(documents.document[i].path, expected[i]);
	ck_assert(documents.directory.exists);
}

START_TEST(all_is_read_below_the_root)
{
	char *root = scratch_path("image");

	ck_assert_int_eq(mkdir("image", 0755), 0);
	ck_assert_int_eq(mkdir("image/etc", 0755), 0);
	ck_assert_int_eq(mkdir("image/etc/k.conf.d", 0755), 0);
	scratch_write("image/etc/k.conf", "a");
	scratch_write("image/etc/k.conf.d/b.conf", "b");
	documents_read(root, "/etc/k.conf", &documents, &diagnostics);
	ck_assert_uint_eq(diagnostics.count, 0);
	ck_assert_uint_eq(documents.count, 2);
	ck_assert_str_eq(documents.document[0].text, "b");
	ck_assert_str_eq(documents.document[0].absolute, "/etc/k.conf.d/b.conf");
	ck_assert_str_eq(last()->text, "a");
	ck_assert_str_eq(last()->absolute, "/etc/k.conf");
	free(root);
}

START_TEST(what_is_no_regular_file_is_refused)
{
	static const char message[] = "is not a regular file";

	ck_assert_int_eq(mkdir("kashim.conf", 0755), 0);
	refused("kashim.conf", message);
	ck_assert_int_eq(rmdir("kashim.conf"), 0);
	ck_assert_int_eq(symlink("/dev/null", "kashim.conf"), 0);
	refused("kashim.conf", message);
}

START_TEST(fifo_is_refused_without_waiting)
{
	ck_assert_int_eq(mkfifo("kashim.conf", 0644), 0);
	refused("kashim.conf", "is not a regular file");
}

START_TEST(dropin_that_is_a_fifo_or_directory_is_refused)
{
	ck_assert_int_eq(mkdir("kashim.conf.d", 0755), 0);
	ck_assert_int_eq(mkfifo("kashim.conf.d/a.conf", 0644), 0);
	refused("kashim.conf.d/a.conf", "is not a regular file");
	ck_assert_int_eq(unlink("kashim.conf.d/a.conf"), 0);
	ck_assert_int_eq(mkdir("kashim.conf.d/b.conf", 0755), 0);
	refused("kashim.conf.d/b.conf", "is not a regular file");
}

START_TEST(dangling_link_is_refused)
{
	ck_assert_int_eq(symlink("nowhere", "kashim.conf"), 0);
	refused("kashim.conf", "cannot be opened: No such file or directory");
	ck_assert(last()->exists);
}

START_TEST(dropin_directory_that_everyone_may_write_is_refused)
{
	ck_assert_int_eq(mkdir("kashim.conf.d", 0755), 0);
	ck_assert_int_eq(chmod("kashim.conf.d", 0777), 0);
	refused("kashim.conf.d", "can be written by everyone, chmod o-w it");
}

START_TEST(link_in_a_circle_is_refused)
{
	ck_assert_int_eq(symlink("kashim.conf", "kashim.conf"), 0);
	refused("kashim.conf", "cannot be opened: Too many levels of symbolic links");
}

START_TEST(link_to_a_file_is_that_file)
{
	scratch_write("other", "a = 1;");
	ck_assert_int_eq(symlink("other", "kashim.conf"), 0);
	read_all();
	ck_assert_str_eq(last()->text, "a = 1;");
	ck_assert_int_eq(last()->stat.st_size, 6);
}

START_TEST(dropin_directory_that_is_a_file_is_refused)
{
	scratch_write("kashim.conf.d", "");
	refused("kashim.conf.d", "cannot be listed: Not a directory");
}

START_TEST(file_that_everyone_may_write_is_refused)
{
	scratch_write_bytes("kashim.conf", "", 0, 0666);
	refused("kashim.conf", "can be written by everyone, chmod o-w it");
	scratch_write_bytes("kashim.conf", "", 0, 0602);
	refused("kashim.conf", "can be written by everyone, chmod o-w it");
	scratch_write_bytes("kashim.conf", "", 0, 0664);
	read_all();
	ck_assert_uint_eq(diagnostics.count, 0);
}

START_TEST(file_of_a_mebibyte_is_read_and_a_larger_one_refused)
{
	char *text = malloc(DOCUMENT_LARGEST + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', DOCUMENT_LARGEST + 1);
	scratch_write_bytes("kashim.conf", text, DOCUMENT_LARGEST, 0644);
	read_all();
	ck_assert_uint_eq(diagnostics.count, 0);
	ck_assert_uint_eq(strlen(last()->text), DOCUMENT_LARGEST);
	scratch_write_bytes("kashim.conf", text, DOCUMENT_LARGEST + 1, 0644);
	refused("kashim.conf", "is larger than 1 MiB");
	free(text);
}

START_TEST(nul_byte_is_refused)
{
	static const char *const message = "holds a NUL byte, so it is not text";

	scratch_write_bytes("kashim.conf", "a = 1;\0b", 8, 0644);
	refused("kashim.conf", message);
	scratch_write_bytes("kashim.conf", "\0", 1, 0644);
	refused("kashim.conf", message);
	scratch_write_bytes("kashim.conf", "a = 1;\n\0", 8, 0644);
	refused("kashim.conf", message);
}

START_TEST(byte_order_mark_is_blank)
{
	scratch_write("kashim.conf", "\xef\xbb\xbf"
				     "a = 1;");
	read_all();
	ck_assert_str_eq(last()->text, "   a = 1;");
}

START_TEST(file_that_may_not_be_read_is_refused)
{
	uid_t user = geteuid();

	/* Root may read everything, so be someone else for a moment. */
	ck_assert(user != 0 || seteuid(65534) == 0);
	documents_read("", "/proc/1/environ", &documents, &diagnostics);
	ck_assert(user != 0 || (seteuid(0) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0));
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_str_eq(diagnostics.entries[0].message, "cannot be opened: Permission denied");
	ck_assert(last()->exists);
}

START_TEST(fresh_file_settles_once)
{
	scratch_write("kashim.conf", "a = 1;");
	read_all();
	ck_assert(documents_wait_for_tick(&documents));
	ck_assert(!documents_wait_for_tick(&documents));
}

START_TEST(file_of_the_future_is_not_waited_for)
{
	struct timespec times[2];

	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec += 1000;
	times[1] = times[0];
	scratch_write("kashim.conf", "a = 1;");
	ck_assert_int_eq(utimensat(AT_FDCWD, "kashim.conf", times, 0), 0);
	read_all();
	ck_assert(!documents_wait_for_tick(&documents));
}

START_TEST(no_descriptor_is_left_open)
{
	int before = dup(0);
	int after;

	ck_assert_int_eq(close(before), 0);
	ck_assert_int_eq(mkdir("kashim.conf.d", 0755), 0);
	ck_assert_int_eq(mkfifo("kashim.conf.d/a.conf", 0644), 0);
	scratch_write("kashim.conf.d/b.conf", "");
	scratch_write_bytes("kashim.conf", "", 0, 0666);
	read_all();
	after = dup(0);
	ck_assert_int_eq(close(after), 0);
	ck_assert_int_eq(after, before);
}

Suite *
document_suite(void)
{
	Suite *suite = suite_create("document");
	TCase *claims = tcase_create("document");

	tcase_add_checked_fixture(claims, begin, end);
	tcase_add_test(claims, file_is_read_whole);
	tcase_add_test(claims, file_that_does_not_exist_is_no_error);
	tcase_add_test(claims, dropins_come_first_in_the_order_of_their_names);
	tcase_add_test(claims, all_is_read_below_the_root);
	tcase_add_test(claims, what_is_no_regular_file_is_refused);
	tcase_add_test(claims, fifo_is_refused_without_waiting);
	tcase_add_test(claims, dropin_that_is_a_fifo_or_directory_is_refused);
	tcase_add_test(claims, dangling_link_is_refused);
	tcase_add_test(claims, dropin_directory_that_everyone_may_write_is_refused);
	tcase_add_test(claims, link_in_a_circle_is_refused);
	tcase_add_test(claims, link_to_a_file_is_that_file);
	tcase_add_test(claims, dropin_directory_that_is_a_file_is_refused);
	tcase_add_test(claims, file_that_everyone_may_write_is_refused);
	tcase_add_test(claims, file_of_a_mebibyte_is_read_and_a_larger_one_refused);
	tcase_add_test(claims, nul_byte_is_refused);
	tcase_add_test(claims, byte_order_mark_is_blank);
	tcase_add_test(claims, file_that_may_not_be_read_is_refused);
	tcase_add_test(claims, fresh_file_settles_once);
	tcase_add_test(claims, file_of_the_future_is_not_waited_for);
	tcase_add_test(claims, no_descriptor_is_left_open);
	suite_add_tcase(suite, claims);
	return suite;
}
