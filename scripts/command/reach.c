/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "program.h"

/* What matters of an ELF file: elf(5). Notes stand near the start, and so do program headers. */
enum { HEADERS_MOST = 64, NOTES_MOST = 4096 };

struct image {
	int class;
	int machine;
	bool has_interpreter, is_go;
	char interpreter[128];
};

static bool
read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	return pread(fd, buffer, size, (off_t)offset) == (ssize_t)size;
}

/* Go marks its programs with a note of its own: cmd/link, "Go build ID". */
static bool
has_go_note(int fd, uint64_t offset, uint64_t size)
{
	char notes[NOTES_MOST];
	size_t at = 0;

	if (size > sizeof(notes))
		size = sizeof(notes);
	if (!read_at(fd, notes, size, offset))
		return false;
	while (at + sizeof(ElfW(Nhdr)) <= size) {
		ElfW(Nhdr) note;

		memcpy(&note, notes + at, sizeof(note));
		at += sizeof(note);
		if (note.n_namesz == 4 && at + 4 <= size && memcmp(notes + at, "Go\0", 4) == 0)
			return true;
		if (note.n_namesz > size || note.n_descsz > size)
			return false;
		at += (note.n_namesz + 3U) / 4 * 4 + (note.n_descsz + 3U) / 4 * 4;
	}
	return false;
}

static void
look_at_header(int fd, struct image *image, uint32_t type, uint64_t offset, uint64_t size)
{
	if (type == PT_INTERP) {
		image->has_interpreter = true;
		if (size > sizeof(image->interpreter) - 1)
			size = sizeof(image->interpreter) - 1;
		if (!read_at(fd, image->interpreter, size, offset))
			image->interpreter[0] = '\0';
	}
	if (type == PT_NOTE && has_go_note(fd, offset, size))
		image->is_go = true;
}

/* Headers of both classes: the members that stand at different places are read by class. */
static bool
read_headers(int fd, struct image *image)
{
	bool is_64 = image->class == ELFCLASS64;
	union {
		Elf32_Ehdr of_32;
		Elf64_Ehdr of_64;
	} file;
	union {
		Elf32_Phdr of_32;
		Elf64_Phdr of_64;
	} header;
	size_t size = is_64 ? sizeof(header.of_64) : sizeof(header.of_32);
	uint64_t at, count;

	if (!read_at(fd, &file, is_64 ? sizeof(file.of_64) : sizeof(file.of_32), 0))
		return false;
	image->machine = file.of_32.e_machine;
	at = is_64 ? file.of_64.e_phoff : file.of_32.e_phoff;
	count = is_64 ? file.of_64.e_phnum : file.of_32.e_phnum;
	for (uint64_t i = 0; i < count && i < HEADERS_MOST; i++)
		if (read_at(fd, &header, size, at + i * size))
			look_at_header(fd, image, header.of_32.p_type,
			    is_64 ? header.of_64.p_offset : header.of_32.p_offset,
			    is_64 ? header.of_64.p_filesz : header.of_32.p_filesz);
	return true;
}

static bool
read_image(const char *path, struct image *image)
{
	unsigned char identity[EI_NIDENT];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool read = false;

	*image = (struct image){ 0 };
	if (fd == -1)
		return false;
	if (read_at(fd, identity, sizeof(identity), 0) && memcmp(identity, ELFMAG, SELFMAG) == 0) {
		image->class = identity[EI_CLASS];
		read = read_headers(fd, image);
	}
	close(fd);
	return read;
}

/*
 * What this program, and so the library beside it, was built for: its own header in memory, by the linker.
 * Under an emulator /proc/self/exe can be the emulator.
 */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/*
 * Why the loader would run in secure-execution mode, in which it takes no library from us:
 * ld.so(8). NULL if not.
 */
static const char *
why_secure(const char *path)
{
	struct statvfs file_system;
	struct stat file;
	bool gains = statvfs(path, &file_system) == -1 || (file_system.f_flag & ST_NOSUID) == 0;

	if (stat(path, &file) == -1 || !gains)
		return NULL;
	if ((file.st_mode & S_ISUID) != 0 && file.st_uid != getuid())
		return "set-uid: the loader ignores LD_PRELOAD in it, not /etc/ld.so.preload";
	if ((file.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && file.st_gid != getgid())
		return "set-gid: the loader ignores LD_PRELOAD in it, not /etc/ld.so.preload";
	if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return "it has file capabilities: the loader ignores LD_PRELOAD in it, not "
		       "/etc/ld.so.preload";
	return NULL;
}

bool
program_is_reached(const struct program *program, struct text *why)
{
	enum { OWN_CLASS = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32 };
	const char *secure = why_secure(program->image);
	struct image image;

	if (!read_image(program->image, &image)) {
		/* The kernel would refuse it, and shells then take it for a script of theirs. */
		text_put(why, "it cannot be read, or is not an ELF program");
		return false;
	}
	if (!image.has_interpreter) {
		text_put(why, image.is_go ? "static, Go" : "static");
		text_put(why, ": no loader runs in it that could load a library");
	} else if (image.is_go) {
		text_put(why, "Go: it makes its system calls without libc");
	} else if (image.class != OWN_CLASS || image.machine != __ehdr_start.e_machine) {
		text_put(why, image.class == ELFCLASS32 ? "32-bit" : "64-bit");
		text_put(
		    why, ": this libkashim.so is for another kind of program, build one for it");
	} else if (secure != NULL) {
		text_put(why, secure);
	} else {
		text_put(why, "dynamic, ");
		text_put(why, strstr(image.interpreter, "ld-musl") == NULL ? "" : "musl, ");
		text_put(why, image.class == ELFCLASS32 ? "32-bit" : "64-bit");
		text_put(why, ", not set-uid");
		return true;
	}
	return false;
}

void
program_print_unreached(const struct program *program, const char *why, bool runs)
{
	fprintf(stderr, "kashim: %s cannot be reached: %s%s\n", program->image, why,
	    runs ? "; once it runs, 'kashim apply' can set its open sockets"
		 : "; start it without kashim and then use 'kashim apply', or use --best-effort");
}
