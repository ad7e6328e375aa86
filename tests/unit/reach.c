/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "program.h"
#include "scratch.h"
#include "suites.h"

/* A program that is only headers: as much of an ELF file as is looked at. */
struct image {
	ElfW(Ehdr) file;
	ElfW(Phdr) header[2];
	char interpreter[32];
	ElfW(Nhdr) note;
	char note_name[4];
};

static struct image image;
static char why[200];

/* This program's own, by the linker. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* What this machine is, and what it is not. */
#if __SIZEOF_POINTER__ == 8
#define OWN "64-bit"
#define OTHER "32-bit"
#define OTHER_CLASS ELFCLASS32
typedef Elf32_Ehdr other_header;
typedef Elf32_Phdr other_segment;
#else
#define OWN "32-bit"
#define OTHER "64-bit"
#define OTHER_CLASS ELFCLASS64
typedef Elf64_Ehdr other_header;
typedef Elf64_Phdr other_segment;
#endif

/* Where this program lies: an emulator is what /proc/self/exe leads to where there is one. */
static char *own_path;

static bool
reaches(const char *name)
{
	static struct program program;
	struct text text = text_in(why, sizeof(why));

	ck_assert_ptr_nonnull(realpath(name, program.image));
	return program_is_reached(&program, &text);
}

static bool
reaches_image(size_t size)
{
	scratch_write_bytes("program", &image, size, 0755);
	return reaches("program");
}

/* This very machine's, dynamic. */
static void
begin(void)
{
	struct image own = { .header = { { .p_type = PT_INTERP,
					     .p_offset = offsetof(struct image, interpreter),
					     .p_filesz = sizeof("/lib64/ld.so") },
				 { .p_type = PT_NULL } },
		.interpreter = "/lib64/ld.so" };

	scratch_enter();
	own.file = __ehdr_start;
	own.file.e_phoff = offsetof(struct image, header);
	own.file.e_phnum = 2;
	image = own;
}

static void
add_note(const char *name)
{
	image.header[1] = (ElfW(Phdr)){ .p_type = PT_NOTE,
		.p_offset = offsetof(struct image, note),
		.p_filesz = sizeof(image.note) + sizeof(image.note_name) };
	image.note = (ElfW(Nhdr)){ .n_namesz = 4, .n_type = 4 };
	memcpy(image.note_name, name, 4);
}

START_TEST(dynamic_program_is_reached)
{
	ck_assert(reaches(own_path));
	ck_assert_str_eq(why, "dynamic, " OWN ", not set-uid");
	ck_assert(reaches_image(sizeof(image)));
	ck_assert_str_eq(why, "dynamic, " OWN ", not set-uid");
}

START_TEST(musl_is_named)
{
	static const char musl[] = "/lib/ld-musl-x86_64.so.1";

	memcpy(image.interpreter, musl, sizeof(musl));
	image.header[0].p_filesz = sizeof(musl);
	ck_assert(reaches_image(sizeof(image)));
	ck_assert_str_eq(why, "dynamic, musl, " OWN ", not set-uid");
}

START_TEST(static_program_is_not_reached)
{
	image.header[0].p_type = PT_NULL;
	ck_assert(!reaches_image(sizeof(image)));
	ck_assert_str_eq(why, "static: no loader runs in it that could load a library");
}

START_TEST(go_program_is_not_reached)
{
	add_note("Go\0\0");
	ck_assert(!reaches_image(sizeof(image)));
	ck_assert_str_eq(why, "Go: it makes its system calls without libc");
	image.header[0].p_type = PT_NULL;
	ck_assert(!reaches_image(sizeof(image)));
	ck_assert_str_eq(why, "static, Go: no loader runs in it that could load a library");
}

START_TEST(notes_of_others_are_not_those_of_go)
{
	add_note("GNU");
	ck_assert(reaches_image(sizeof(image)));
}

START_TEST(program_for_another_machine_is_not_reached)
{
	image.file.e_machine = EM_68K;
	ck_assert(!reaches_image(sizeof(image)));
	ck_assert_str_eq(
	    why, OWN ": this libkashim.so is for another kind of program, build one for it");
}

START_TEST(program_of_another_class_is_not_reached)
{
	other_header file = { .e_machine = EM_386, .e_phoff = sizeof(file), .e_phnum = 1 };
	other_segment header = { .p_type = PT_INTERP, .p_filesz = 4 };

	memcpy(file.e_ident, image.file.e_ident, EI_NIDENT);
	file.e_ident[EI_CLASS] = OTHER_CLASS;
	memcpy(&image, &file, sizeof(file));
	memcpy((char *)&image + sizeof(file), &header, sizeof(header));
	ck_assert(!reaches_image(sizeof(image)));
	ck_assert_str_eq(
	    why, OTHER ": this libkashim.so is for another kind of program, build one for it");
}

START_TEST(what_is_no_elf_file_is_not_reached)
{
	scratch_write_bytes("text", "echo\n", 5, 0755);
	ck_assert(!reaches("text"));
	ck_assert_str_eq(why, "it cannot be read, or is not an ELF program");
	scratch_write_bytes("empty", "", 0, 0755);
	ck_assert(!reaches("empty"));
	ck_assert(!reaches("/"));
}

START_TEST(program_of_another_owner_with_set_uid_is_not_reached)
{
	struct statvfs here;

	/* Who is not root cannot make such a file. */
	if (geteuid() != 0 || statvfs(".", &here) == -1 || (here.f_flag & ST_NOSUID) != 0)
		return;
	ck_assert(reaches_image(sizeof(image)));
	ck_assert_int_eq(chown("program", 65534, 65534), 0);
	ck_assert_int_eq(chmod("program", 04755), 0);
	ck_assert(!reaches("program"));
	ck_assert_str_eq(
	    why, "set-uid: the loader ignores LD_PRELOAD in it, not /etc/ld.so.preload");
	ck_assert_int_eq(chmod("program", 02755), 0);
	ck_assert(!reaches("program"));
	ck_assert_str_eq(
	    why, "set-gid: the loader ignores LD_PRELOAD in it, not /etc/ld.so.preload");
	ck_assert_int_eq(chmod("program", 02745), 0);
	ck_assert(reaches("program"));
	ck_assert_int_eq(chmod("program", 0755), 0);
	ck_assert(reaches("program"));
}

START_TEST(own_set_uid_program_is_reached)
{
	ck_assert(reaches_image(sizeof(image)));
	ck_assert_int_eq(chmod("program", 06755), 0);
	ck_assert(reaches("program"));
}

START_TEST(every_truncation_is_answered)
{
	add_note("Go\0\0");
	for (size_t size = 0; size <= sizeof(image); size++) {
		bool reached = reaches_image(size);

		ck_assert_str_ne(why, "");
		if (size < sizeof(image.file))
			ck_assert(!reached);
	}
}

START_TEST(headers_that_lie_are_answered)
{
	static const uint64_t lies[] = { 0, 1, 3, 4095, 4096, 4097, UINT32_MAX, INT64_MAX,
		UINT64_MAX, UINT64_MAX - 55 };
	struct image good;

	add_note("GNU");
	good = image;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		image = good;
		image.file.e_phoff = (ElfW(Off))lies[i];
		reaches_image(sizeof(image));
		image = good;
		image.file.e_phnum = (uint16_t)lies[i];
		reaches_image(sizeof(image));
		for (int header = 0; header < 2; header++) {
			image = good;
			image.header[header].p_offset = (ElfW(Off))lies[i];
			reaches_image(sizeof(image));
			image = good;
			image.header[header].p_filesz = (ElfW(Off))lies[i];
			reaches_image(sizeof(image));
		}
		image = good;
		image.note.n_namesz = (uint32_t)lies[i];
		reaches_image(sizeof(image));
		image = good;
		image.note.n_descsz = (uint32_t)lies[i];
		reaches_image(sizeof(image));
	}
	ck_assert_str_ne(why, "");
}

Suite *
reach_suite(void)
{
	Suite *suite = suite_create("reach");
	TCase *claims = tcase_create("reach");

	own_path = realpath((const char *)getauxval(AT_EXECFN), NULL);
	tcase_add_checked_fixture(claims, begin, NULL);
	tcase_add_test(claims, dynamic_program_is_reached);
	tcase_add_test(claims, musl_is_named);
	tcase_add_test(claims, static_program_is_not_reached);
	tcase_add_test(claims, go_program_is_not_reached);
	tcase_add_test(claims, notes_of_others_are_not_those_of_go);
	tcase_add_test(claims, program_for_another_machine_is_not_reached);
	tcase_add_test(claims, program_of_another_class_is_not_reached);
	tcase_add_test(claims, what_is_no_elf_file_is_not_reached);
	tcase_add_test(claims, program_of_another_owner_with_set_uid_is_not_reached);
	tcase_add_test(claims, own_set_uid_program_is_reached);
	tcase_add_test(claims, every_truncation_is_answered);
	tcase_add_test(claims, headers_that_lie_are_answered);
	suite_add_tcase(suite, claims);
	return suite;
}
