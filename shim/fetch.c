/* SPDX-License-Identifier: MIT */
#include "fetch.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <sys/auxv.h>
#include <sys/stat.h>

#include "child.h"
#include "compiled.h"
#include "facts.h"
#include "file.h"
#include "index.h"
#include "kernel.h"
#include "memory.h"
#include "next.h"
#include "page.h"
#include "path.h"

/* What is wrong with the text, or with its compiled form. */
enum form { FORM_TEXT, FORM_COMPILED };

static void
put_problem(struct fetched *fetched, const char *conf, enum form form, const char *message)
{
	fetched->problem = text_in(fetched->problem_room, sizeof(fetched->problem_room));
	if (form == FORM_COMPILED)
		path_put_compiled(&fetched->problem, conf);
	else
		text_put(&fetched->problem, conf);
	text_put(&fetched->problem, ": ");
	text_put(&fetched->problem, message);
}

static void
put_damage(struct fetched *fetched, const char *conf, enum form form, enum compiled_state state)
{
	put_problem(fetched, conf, form, compiled_problem(state));
	text_put(&fetched->problem, ", run: kashim compile");
}

/* Room for an image of so many bytes. Returns whether there is. */
static bool
make_room(struct fetched *fetched, size_t size)
{
	fetched->image = fetched->small;
	fetched->mapping_size = 0;
	if (size <= sizeof(fetched->small))
		return true;
	fetched->image = memory_map(size);
	fetched->mapping_size = fetched->image == NULL ? 0 : size;
	return fetched->image != NULL;
}

/* Give back what lies behind the first `size` bytes. */
static void
trim(struct fetched *fetched, size_t size)
{
	size_t kept = page_end(size, getauxval(AT_PAGESZ));

	if (kept >= fetched->mapping_size)
		return;
	memory_unmap(fetched->image + kept, fetched->mapping_size - kept);
	fetched->mapping_size = kept;
}

/* What a policy points to lies in the library's own memory, and can be written. */
static void *
own(const struct fetched *fetched, const void *part)
{
	return fetched->image + ((const char *)part - fetched->image);
}

/* Take the image, of `size` bytes, as the policy. */
static bool
take_image(struct fetched *fetched, size_t size, const char *conf, enum form form)
{
	enum compiled_state state = compiled_read(fetched->image, size, &fetched->policy);

	if (state != COMPILED_GOOD) {
		put_damage(fetched, conf, form, state);
		trim(fetched, 0);
		return false;
	}
	trim(fetched, size);
	fetched->image_size = size;
	fetched->rules = own(fetched, fetched->policy.rules);
	fetched->settings = own(fetched, fetched->policy.settings);
	fetched->state = FETCHED_POLICY;
	return true;
}

/*
 * Why a file cannot be trusted or used, or NULL. In a set-gid program the effective user is still
 * the one that started it, so where there is privilege to be gained, only root counts.
 */
static const char *
why_refused(const struct file *file)
{
	if (!S_ISREG(file->mode))
		return "is ignored: not a regular file";
	if (file->user != 0 && (getauxval(AT_SECURE) != 0 || file->user != getauxval(AT_EUID)))
		return "is ignored: it belongs to someone else";
	if ((file->mode & (S_IWGRP | S_IWOTH)) != 0)
		return "is ignored: others can write it";
	if (file->size > COMPILED_LARGEST)
		return "is ignored: too large";
	return NULL;
}

/* A part of the file, or less when it shrinks meanwhile, which its header then tells. */
static size_t
read_part(int fd, char *buffer, struct index_part part)
{
	size_t got = 0;
	ssize_t more = 1;

	for (; got < part.size && more > 0; got += more > 0 ? (size_t)more : 0)
		more = kernel_pread(fd, buffer + got, part.size - got, part.offset + got);
	return got;
}

/* The part for programs with this hash of their name; of size 0 where no rule names them. */
static enum compiled_state
find_named(
    int fd, size_t file_size, const struct index *index, uint32_t hash, struct index_part *named)
{
	struct index_part probed = { (uint32_t)index_place(index, hash), INDEX_PROBED };
	char bytes[INDEX_PROBED];

	*named = (struct index_part){ 0 };
	if (read_part(fd, bytes, probed) != INDEX_PROBED)
		return COMPILED_DAMAGED;
	return index_find(bytes, file_size, hash, named);
}

/*
 * The part to be read of a large file, by its index. Where rules name the program by both of its
 * names, a script's own and its interpreter's, that is the whole policy. Not inlined: room for a
 * path, above that of all the rest, would push the stack to a page that was not touched yet.
 */
__attribute__((noinline)) static enum compiled_state
find_part(const struct fetched *fetched, int fd, size_t file_size, struct index_part *part)
{
	char bytes[INDEX_HEADER], image[PATH_LONGEST];
	const char *names[] = { (const char *)getauxval(AT_EXECFN),
		facts_other_image(fetched->arguments, image) };
	uint32_t before = 0, hash;
	enum compiled_state state;
	struct index_part named;
	struct index index;
	int found = 0;

	if (read_part(fd, bytes, (struct index_part){ 0, INDEX_HEADER }) != INDEX_HEADER)
		return COMPILED_FOREIGN;
	state = index_read(bytes, file_size, &index);
	if (state == COMPILED_FOREIGN)
		return COMPILED_GOOD; /* it has none, and *part is all of it */
	if (state == COMPILED_GOOD)
		*part = index.others;
	for (size_t i = 0; i < 2 && state == COMPILED_GOOD; i++, before = hash) {
		hash = names[i] == NULL ? before : index_hash(names[i]);
		if (hash == before)
			continue;
		state = find_named(fd, file_size, &index, hash, &named);
		if (named.size != 0)
			*part = found++ == 0 ? named : index.whole;
	}
	return state;
}

/* Read the compiled policy. Reading a mapped file that is truncated raises SIGBUS, so it is copied. */
static void
read_compiled(struct fetched *fetched, int fd, const char *conf)
{
	enum compiled_state state = COMPILED_GOOD;
	struct index_part part = { 0 };
	const char *refused;
	struct file file;

	if (file_look(fd, "", AT_EMPTY_PATH, &file) == -1)
		return;
	refused = why_refused(&file);
	part.size = (uint32_t)file.size;
	if (refused == NULL && part.size > COMPILED_SMALL)
		state = find_part(fetched, fd, part.size, &part);
	if (refused == NULL && state == COMPILED_GOOD && !make_room(fetched, part.size))
		refused = "is ignored: no memory";
	if (refused != NULL)
		put_problem(fetched, conf, FORM_COMPILED, refused);
	else if (state != COMPILED_GOOD)
		put_damage(fetched, conf, FORM_COMPILED, state);
	else
		take_image(fetched, read_part(fd, fetched->image, part), conf, FORM_COMPILED);
}

/* Nothing else says that a file does not exist. */
static bool
is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Returns false where it cannot be seen whether there is one. */
static bool
fetch_compiled(struct fetched *fetched, const char *conf)
{
	struct text path = text_in(fetched->small, sizeof(fetched->small));
	int fd;

	path_put_compiled(&path, conf);
	fd = kernel_open(path.start, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -1) {
		if (is_absent(errno))
			return true;
		put_problem(fetched, conf, FORM_COMPILED, "cannot be opened");
		return false;
	}
	read_compiled(fetched, fd, conf);
	kernel_close(fd);
	return true;
}

/* What can be seen of a file: it is as the policy knows it, it is not, or looking is refused. */
enum sight { SIGHT_SAME, SIGHT_OTHER, SIGHT_NONE };

static enum sight
compare_source(const struct source *source, const char *path)
{
	struct file now;

	if (file_look(AT_FDCWD, path, 0, &now) == -1) {
		if (!is_absent(errno))
			return SIGHT_NONE;
		return source->kind == SOURCE_ABSENT ? SIGHT_SAME : SIGHT_OTHER;
	}
	if (source->kind != SOURCE_ABSENT &&
	    now.inode == ((uint64_t)source->inode[1] << 32 | source->inode[0]) &&
	    now.size == ((uint64_t)source->size[1] << 32 | source->size[0]) &&
	    now.changed == source->mtime[0] && now.changed_nsec == source->mtime_nsec)
		return SIGHT_SAME;
	return SIGHT_OTHER;
}

/*
 * Whether the policy is that of the text as it is now, as far as it can be seen. The first source
 * is the configuration file itself.
 */
static bool
is_current(const struct policy *policy, const char *conf)
{
	for (uint32_t i = 0; i < policy->source_count; i++)
		if (compare_source(&policy->sources[i],
			i == 0 ? conf : policy->strings + policy->sources[i].path) == SIGHT_OTHER)
			return false;
	return policy->source_count != 0;
}

/* Text, without a compiled policy: whether there is some, and may be read. */
enum text_state { TEXT_ABSENT, TEXT_READABLE, TEXT_HIDDEN };

/* A link to nothing is there: it is an error, and the compiler says so. */
static enum text_state
look_at(const char *path)
{
	struct file file;
	int access;

	if (file_look(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &file) == -1)
		return is_absent(errno) ? TEXT_ABSENT : TEXT_HIDDEN;
	access = S_ISDIR(file.mode) ? R_OK | X_OK : R_OK;
	if (syscall(SYS_faccessat, AT_FDCWD, path, access) == -1 && !is_absent(errno))
		return TEXT_HIDDEN;
	return TEXT_READABLE;
}

static enum text_state
look_at_text(const char *conf)
{
	char dropins[PATH_LONGEST];
	struct text text = text_in(dropins, sizeof(dropins));
	enum text_state file = look_at(conf), directory;

	path_put_dropins(&text, conf);
	directory = look_at(dropins);
	return directory > file ? directory : file;
}

/* The first line of what the compiler said about the text. */
static void
put_answer(struct fetched *fetched, const char *conf, const char *answer, size_t size)
{
	const char *end = memchr(answer, '\n', size);

	/* Nothing, or nothing that could be said again. */
	if (size == 0 || (unsigned char)*answer < ' ') {
		put_problem(fetched, conf, FORM_TEXT, "could not be compiled in time");
		return;
	}
	fetched->problem = text_in(fetched->problem_room, sizeof(fetched->problem_room));
	text_put_bytes(&fetched->problem, answer, end == NULL ? size : (size_t)(end - answer));
}

/* Have the text compiled. Returns whether there is a policy now. */
static bool
compile_text(struct fetched *fetched, const char *library, const char *conf, char **environment)
{
	ssize_t size;

	trim(fetched, 0);
	fetched->state = FETCHED_BROKEN;
	if (!make_room(fetched, COMPILED_LARGEST)) {
		put_problem(fetched, conf, FORM_TEXT, "could not be compiled: no memory");
		return false;
	}
	size = child_compile(library, conf, environment, fetched->image, COMPILED_LARGEST);
	if (size < 0)
		put_problem(
		    fetched, conf, FORM_TEXT, "could not be compiled: no child could be made");
	else if (size == 0 || *fetched->image != '\x7f')
		put_answer(fetched, conf, fetched->image, (size_t)size);
	else
		return take_image(fetched, (size_t)size, conf, FORM_TEXT);
	trim(fetched, 0);
	return false;
}

/* What is in force in spite of a problem. */
static void
put_consequence(struct fetched *fetched)
{
	text_put(&fetched->problem, fetched->state == FETCHED_POLICY
					? "; the last good policy holds"
					: "; sockets are left alone");
}

void
fetch(const struct variables *variables, char **environment, char **arguments,
    struct fetched *fetched)
{
	const char *conf = variables->conf == NULL ? PATH_CONF_DEFAULT : variables->conf;
	const char *library;
	enum text_state text;
	bool has_compiled, is_seen;

	memset(fetched, 0, offsetof(struct fetched, problem_room));
	fetched->problem = text_in(fetched->problem_room, sizeof(fetched->problem_room));
	fetched->state = FETCHED_BROKEN;
	fetched->arguments = arguments;
	is_seen = fetch_compiled(fetched, conf);
	has_compiled = fetched->state == FETCHED_POLICY;
	if (has_compiled && is_current(&fetched->policy, conf))
		return;
	text = look_at_text(conf);
	if (text == TEXT_ABSENT && is_seen && !has_compiled && variables->conf == NULL) {
		fetched->state = FETCHED_NOTHING;
		return;
	}
	/* A child could not read it, either. */
	if (text == TEXT_HIDDEN || (text == TEXT_ABSENT && !is_seen)) {
		if (is_seen)
			put_problem(fetched, conf, FORM_TEXT,
			    "the program may not read it, or its drop-in directory");
		put_consequence(fetched);
		return;
	}
	library = next_own_path();
	if (!variables_preload(variables, library)) {
		if (has_compiled)
			put_problem(fetched, conf, FORM_TEXT,
			    "is newer than its compiled policy, run: kashim compile");
		else if (fetched->problem.used == 0)
			put_problem(
			    fetched, conf, FORM_TEXT, "was never compiled, run: kashim compile");
		put_consequence(fetched);
		return;
	}
	if (compile_text(fetched, library, conf, environment))
		return;
	/* The text is in error: the last good policy, if there is one, is better than none. */
	if (has_compiled)
		fetch_compiled(fetched, conf);
	put_consequence(fetched);
}

/*
 * From the stack to a mapping, which stays, with all that points there. Returns whether it could.
 */
static bool
settle(struct fetched *fetched, struct policy *policy)
{
	char *kept = memory_map(fetched->image_size);

	if (kept == NULL)
		return false;
	memcpy(kept, fetched->image, fetched->image_size);
	policy->settings = (const void *)(kept + ((const char *)policy->settings - fetched->image));
	policy->rules = (const void *)(kept + ((const char *)policy->rules - fetched->image));
	policy->words = (const void *)(kept + ((const char *)policy->words - fetched->image));
	policy->strings = kept + (policy->strings - fetched->image);
	fetched->image = kept;
	fetched->mapping_size = fetched->image_size;
	return true;
}

bool
fetch_keep(struct fetched *fetched, struct policy *connections)
{
	bool kept = true;

	if (connections->rule_count != 0 && fetched->mapping_size == 0)
		kept = settle(fetched, connections);
	if (!kept)
		connections->rule_count = 0;
	if (connections->rule_count == 0)
		trim(fetched, 0);
	else
		memory_seal(fetched->image, fetched->mapping_size);
	return kept;
}
