# SPDX-License-Identifier: MIT
# make, make check, make lint, make demo, make bench, make install: see README.md, "Hacking".

VERSION = 0.1.0
comma := ,

CC ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/$(LIB)
LIBEXECDIR ?= $(PREFIX)/libexec/kashim
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPLETIONDIR ?= $(PREFIX)/share/zsh/site-functions
UNITDIR ?= $(PREFIX)/lib/systemd/system
DOCDIR ?= $(PREFIX)/share/doc/kashim
SYSCONFDIR ?= /etc

# Where the loader looks for libraries of this architecture, its $$LIB: lib/x86_64-linux-gnu and the like on Debian, where
# the distribution has such directories; lib64 on Fedora and SUSE; lib elsewhere.
MULTIARCH := $(if $(wildcard /usr/lib/*-linux-gnu*),$(shell $(CC) -print-multiarch 2>/dev/null))
LIB := $(if $(MULTIARCH),lib/$(MULTIARCH),$(or $(filter lib64,$(notdir $(shell $(CC) -print-multi-os-directory 2>/dev/null))),lib))
PKG_CONFIG ?= pkg-config

# On 32-bit machines, for files with large numbers; elsewhere it would only give functions names that musl does not have.
LARGE_FILES := $(if $(filter 4,$(shell echo __SIZEOF_POINTER__ | $(CC) -E -P - 2>/dev/null)),-D_FILE_OFFSET_BITS=64)

WARNINGS = -Wall -Wextra -Wno-missing-field-initializers -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual \
	-Wpointer-arith -Wwrite-strings -Wundef -Wformat=2
WERROR = $(if $(CI),-Werror)
KASHIM_CPPFLAGS = -D_GNU_SOURCE $(LARGE_FILES) \
	-DKASHIM_VERSION='"$(VERSION)"' -DKASHIM_SYSCONFDIR='"$(SYSCONFDIR)"' \
	-DKASHIM_BINDIR='"$(BINDIR)"' -DKASHIM_SBINDIR='"$(SBINDIR)"' -DKASHIM_LIBDIR='"$(LIBDIR)"' \
	-DKASHIM_LIBEXECDIR='"$(LIBEXECDIR)"'
KASHIM_CFLAGS = -std=c11 $(WARNINGS) $(WERROR)

# The shim runs inside other programs. No FORTIFY: its __*_chk functions are glibc's alone. No 64-bit time: headers
# would give functions of 32-bit machines other names, and each of ours has to have its own. Small, for every program
# maps it at its start: no start files, which it does not need, and as few segments and pages as there can be. It makes
# its data read-only itself, with what it has found out, but where the library is for musl: memory_seal_library().
MACHINE := $(shell $(CC) -dumpmachine)
RELRO := $(if $(findstring musl,$(MACHINE)),relro,norelro)
# Nothing that has a constructor of its own, as libgcc's atomic operations for arm64 have: tests/live/the_shim_needs_libc_alone.bats.
INLINE_ATOMICS := $(if $(filter aarch64%,$(MACHINE)),$(shell $(CC) -mno-outline-atomics -E -x c /dev/null >/dev/null 2>&1 && echo -mno-outline-atomics))
# Some distributions have linkers pack relocations, which only glibc 2.36 unpacks.
UNPACKED := $(if $(findstring nopack-relative-relocs,$(shell $(CC) -Wl,--help 2>/dev/null)),$(comma)-z$(comma)nopack-relative-relocs)
SHIM_CFLAGS = $(INLINE_ATOMICS) -fPIC -fvisibility=hidden -U_FORTIFY_SOURCE -U_TIME_BITS -Os -ffunction-sections -fdata-sections
SHIM_LDFLAGS = -shared -nostartfiles -Wl,-soname,libkashim.so -Wl,--version-script=shim/libkashim.map \
	-Wl,-z,defs,-z,$(RELRO),-z,now,-z,noseparate-code,--gc-sections$(UNPACKED)

LIBCONFIG_CFLAGS = $(shell $(PKG_CONFIG) --cflags libconfig 2>/dev/null)
LIBCONFIG_LIBS = $(shell $(PKG_CONFIG) --libs libconfig 2>/dev/null || echo -lconfig)
CHECK_CFLAGS = $(shell $(PKG_CONFIG) --cflags check 2>/dev/null)
CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check 2>/dev/null || echo -lcheck)
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Goals that want more than a compiler, which scripts/build/install-dependencies looks for.
NEEDY = check check-all check-unit check-fuzz check-live check-hostile check-host check-package check-wire check-fresh check-foreign check-programs check-everywhere lint demo fuzz bench deb rpm

# A folder says where its code may run; what it may include is what is listed here. conf/policy and shim/socket are in
# the command and in the library, everything else is in one of them: tests/live/the_rooms_are_kept.bats.
SHIM_INCLUDES = -Iconf/policy -Ishim/socket -Ishim
COMMAND_INCLUDES = -Iconf/policy -Iconf/language -Ishim/socket -Iscripts/command

SHIM_SOURCES = $(wildcard conf/policy/*.c shim/socket/*.c shim/*.c)
COMMAND_SOURCES = $(wildcard conf/policy/*.c conf/language/*.c shim/socket/*.c scripts/command/*.c)
SHIM_OBJECTS = $(SHIM_SOURCES:%.c=build/pic/%.o)
COMMAND_OBJECTS = $(COMMAND_SOURCES:%.c=build/%.o)
UNIT_OBJECTS = $(patsubst %.c,build/unit/%.o,$(wildcard tests/unit/*.c) $(filter-out %/kashim.c,$(COMMAND_SOURCES)))
FUZZERS = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_OBJECTS = $(patsubst %.c,build/fuzz/%.o,$(wildcard conf/*/*.c shim/socket/*.c) $(patsubst %,shim/%.c,decide file in_flight mark memory override record))
# What runs under the shim is in tests/lib/inside, what looks at it from without in tests/lib/outside.
TEST_TOOLS = $(patsubst %.c,build/tests/%,$(notdir $(wildcard tests/lib/inside/*.c tests/lib/outside/*.c)))
BENCH_TOOLS = $(patsubst tests/bench/%.c,build/bench/%,$(wildcard tests/bench/*.c))
# Shell behind kashim system, enable and disable.
HOST_PARTS = $(patsubst scripts/host/%,build/%,$(filter-out %.c %.8 %.service,$(wildcard scripts/host/*)))
# The rescue program takes a static libc, which some distributions package apart; without one it is left out.
RESCUE := $(if $(filter /%,$(shell $(CC) $(CFLAGS) -print-file-name=libc.a 2>/dev/null)),build/kashim-rescue)
UNITS = $(patsubst scripts/host/%,build/%,$(wildcard scripts/host/*.service))
PRODUCTS = build/libkashim.so build/kashim $(RESCUE) $(HOST_PARTS) $(UNITS)

# What is installed, and removed again: MODE:FILE:DIRECTORY, and where it is called otherwise there :NAME.
IN_LIBRARY = 644:build/libkashim.so:$(LIBDIR) $(foreach page,$(wildcard shim/*.7),644:$(page):$(MANDIR)/man7)
IN_COMMAND = 755:build/kashim:$(BINDIR) $(RESCUE:%=755:%:$(SBINDIR)) \
	$(foreach part,$(HOST_PARTS),$(if $(filter %-library %-files %.awk,$(part)),644,755):$(part):$(LIBEXECDIR)) \
	$(UNITS:%=644:%:$(UNITDIR)) \
	$(foreach page,$(wildcard scripts/*.[158] scripts/*/*.[158] conf/*.5),644:$(page):$(MANDIR)/man$(subst .,,$(suffix $(page)))) \
	644:scripts/completions/kashim.bash:$(COMPLETIONDIR):kashim 644:scripts/completions/kashim.zsh:$(ZSHCOMPLETIONDIR):_kashim \
	$(foreach example,$(wildcard conf/examples/* scripts/examples/*),644:$(example):$(DOCDIR)/examples)

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$@')

.PHONY: all $(NEEDY) install install-library install-command install-policy uninstall clean format packages lint-object force
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PRODUCTS)
	$(if $(RESCUE),,@echo "  left out: kashim-rescue, and with it: kashim system enable. It takes a static libc (glibc-static)")

# Objects know their flags: a change of CFLAGS, PREFIX or the like builds them anew.
FLAGS_NOW = $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(KASHIM_CPPFLAGS) $(SHIM_CFLAGS) $(SHIM_LDFLAGS)
build/flags: force
	@mkdir -p build
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' >$@

# How C is compiled, to an object or a whole program: each room has its INCLUDES, and FLAGS that win over the user's.
vpath %.c tests/lib/inside tests/lib/outside tests/bench
define compile
$(call say,CC)
$(Q)mkdir -p $(@D)
$(Q)$(CC) $(KASHIM_CPPFLAGS) -MMD -MP $(INCLUDES) $(CPPFLAGS) $(KASHIM_CFLAGS) $(CFLAGS) $(FLAGS)
endef
build/pic/%.o: INCLUDES = $(SHIM_INCLUDES)
build/pic/%.o: FLAGS = $(SHIM_CFLAGS) -fno-asynchronous-unwind-tables
# A thread that waits in connect(2) or accept(2) and is cancelled unwinds its stack through these, and through no others.
build/pic/shim/interpose.o build/pic/shim/connection.o: FLAGS = $(SHIM_CFLAGS) -fasynchronous-unwind-tables
build/%.o: INCLUDES = $(COMMAND_INCLUDES) $(LIBCONFIG_CFLAGS)
build/unit/%.o: INCLUDES = $(COMMAND_INCLUDES) -Itests/unit $(LIBCONFIG_CFLAGS) $(CHECK_CFLAGS)
build/unit/%.o: FLAGS = $(SANITIZE)
build/fuzz/%.o: INCLUDES = $(COMMAND_INCLUDES) -Ishim $(LIBCONFIG_CFLAGS)
build/fuzz/%.o: CC = $(FUZZ_CC)
build/fuzz/%.o: CFLAGS = $(FUZZ_CFLAGS)
build/tests/% build/bench/%: INCLUDES = $(SHIM_INCLUDES)
build/%.o: %.c build/flags
	$(compile) -c -o $@ $<
build/pic/%.o: %.c build/flags
	$(compile) -c -o $@ $<
build/unit/%.o: %.c build/flags
	$(compile) -c -o $@ $<
build/fuzz/%.o: %.c build/flags
	$(compile) -c -o $@ $<
build/tests/%: %.c build/flags
	$(compile) $(LDFLAGS) -o $@ $<
build/bench/%: %.c build/flags
	$(compile) $(LDFLAGS) -o $@ $<

build/libkashim.so: $(SHIM_OBJECTS) shim/libkashim.map
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(SHIM_CFLAGS) $(SHIM_LDFLAGS) -o $@.new $(SHIM_OBJECTS)
	$(Q)mv -f $@.new $@

build/kashim: $(COMMAND_OBJECTS)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@.new $(COMMAND_OBJECTS) $(LIBCONFIG_LIBS)
	$(Q)mv -f $@.new $@

# Nothing that could be broken is loaded for it.
build/kashim-rescue: scripts/host/kashim-rescue.c build/flags
	$(compile) $(LDFLAGS) -static -o $@ $<

# Where it was installed.
$(UNITS): build/%: scripts/host/% build/flags
	$(Q)sed 's|/usr/bin/|$(BINDIR)/|' $< >$@

$(HOST_PARTS): build/%: scripts/host/%
	$(Q)mkdir -p $(@D)
	$(Q)install -m 755 $< $@

# The unit tests and what they test are built with the sanitizers.
build/unit/run: $(UNIT_OBJECTS)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $(UNIT_OBJECTS) $(CHECK_LIBS) $(LIBCONFIG_LIBS)

# Fuzzing, with clang's libFuzzer. Each target is one file, linked to what it tries out: an archive, so that it takes what
# it needs and may have its own in place of one.
FUZZ_CC ?= clang
FUZZ_CFLAGS = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 600

build/fuzz/kashim.a: $(FUZZ_OBJECTS)
	$(Q)rm -f $@ && ar rcs $@ $^

build/fuzz/fuzz-%: build/fuzz/tests/fuzz/%.o build/fuzz/kashim.a
	$(call say,LINK)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBCONFIG_LIBS)

packages:
	$(Q)scripts/build/install-dependencies $(if $(FOR),$(FOR),check)

# Before anything is built, since it may be what building needs.
ifneq ($(filter $(NEEDY),$(MAKECMDGOALS)),)
ifeq ($(shell scripts/build/install-dependencies $(filter $(NEEDY),$(MAKECMDGOALS)) >&2 && echo good),)
$(error packages are missing, see above)
endif
endif

# What every change should pass, in four minutes: tests/promises says which tests these are.
check: check-unit all $(TEST_TOOLS) $(BENCH_TOOLS)
	$(Q)scripts/build/run-tests --promises

# All tests. Those with real packets leave a table of what came out.
check-all: check-unit check-fuzz all $(TEST_TOOLS) $(BENCH_TOOLS)
	$(Q)scripts/build/run-tests tests/live tests/hostile tests/host tests/wire

check-unit: build/unit/run
	$(Q)build/unit/run

# TESTS=FILE... or TESTS=FILE::NAME, a pattern for the names of its tests. check-hostile: what must not harm a program.
# check-host: a whole host, as a copy of this one in namespaces; STARTS=10000 for longer loops of starts. check-wire: with
# real packets. check-package: the packages' whole life, on a fresh Debian, which is fetched once; so check-all has it not.
check-live check-hostile check-host check-wire check-package: all $(TEST_TOOLS) $(BENCH_TOOLS)
	$(Q)scripts/build/run-tests $(or $(TESTS),$(@:check-%=tests/%))

# README's first commands on fresh machines: Debian 12 and 13, or those in RELEASES; packages come from a mirror.
check-fresh:
	$(Q)scripts/build/check-fresh $(RELEASES)

# Other people's test suites, without the shim and with it. SUITES: libuv, redis, python, redis:unit/auth and the like.
check-foreign: all
	$(Q)tests/foreign/run $(SUITES)

# Real programs do their job without kashim and with it, in worlds of their own. PROGRAMS='chromium redis', MODES='force suggest'.
check-programs: all build/tests/sockopts
	$(Q)tests/programs/run $(PROGRAMS)

# Old systems, new ones, and other processors, in roots of Debian that are fetched once: as root. MACHINES='debian11 s390x', of the
# list tests/everywhere/machines; ROOTS=DIR for where they are kept. The foreign ones take a quarter of an hour each.
check-everywhere: all
	$(Q)tests/everywhere/run $(MACHINES)

lint:
	$(Q)scripts/build/lint

# One file with every warning an error, for scripts/build/lint: the compiler is CC.
lint-object:
	$(Q)$(CC) $(KASHIM_CPPFLAGS) $(COMMAND_INCLUDES) -Ishim -Itests/unit $(LIBCONFIG_CFLAGS) $(CHECK_CFLAGS) $(KASHIM_CFLAGS) -Werror -O2 \
		-fsyntax-only $(FILE)

# FUZZ_SECONDS for each target; make check-fuzz has 5.
check-fuzz: FUZZ_SECONDS = 5
fuzz check-fuzz: build/kashim $(FUZZERS:%=build/fuzz/fuzz-%)
	$(Q)scripts/build/fuzz $(FUZZ_SECONDS) $(FUZZERS)

# Less than three minutes; PACE=0.2 for a quick look. The figures are in build/bench.json, too.
bench: all $(BENCH_TOOLS)
	$(Q)python3 tests/bench/bench.py build/bench.json
	$(Q)python3 tests/bench/table.py build/bench.json

demo: all $(TEST_TOOLS)
	$(Q)scripts/build/demo
	$(Q)if [ "$$(id -u)" = 0 ]; then scripts/build/demo-nat; else echo "The second act needs root: sudo make demo"; fi

format:
	$(Q)clang-format -i $(wildcard conf/*/*.[ch] shim/*.[ch] shim/*/*.[ch] scripts/*/*.[ch] tests/*/*.[ch])

# Libraries and programs are put in place by rename, so that nothing that runs sees half of one. DESTDIR may have blanks.
INSTALL = install
part = $(word $(2),$(subst :, ,$(1)))
target = "$(DESTDIR)$(call part,$(1),3)/$(or $(call part,$(1),4),$(notdir $(call part,$(1),2)))$(2)"
put = $(INSTALL) -D -m $(call part,$(1),1) $(call part,$(1),2) $(call target,$(1),.new) && mv -f $(call target,$(1),.new) $(call target,$(1))

refresh_loader = $(Q)test -n "$(DESTDIR)" || test "$$(id -u)" != 0 || ldconfig || :

install: install-library install-command install-policy
	$(refresh_loader)

install-library: build/libkashim.so
	$(Q)$(foreach file,$(IN_LIBRARY),$(call put,$(file)) &&) :

# Configuration that someone edited stays.
install-command: all
	$(Q)$(foreach file,$(IN_COMMAND),$(call put,$(file)) &&) :
	$(Q)test -e "$(DESTDIR)$(SYSCONFDIR)/kashim.conf" || $(INSTALL) -D -m 644 conf/kashim.conf "$(DESTDIR)$(SYSCONFDIR)/kashim.conf"

# Not in a package: the compiled policy knows the very files that it was made from.
install-policy: install-command
	$(Q)build/kashim compile $(if $(DESTDIR),--root "$(DESTDIR)") -- $(SYSCONFDIR)/kashim.conf

# Where every program of the host loads the library, that ends first.
uninstall:
	$(Q)test -n "$(DESTDIR)" || ! grep -qs '^$(PREFIX)/.*libkashim\.so' /etc/ld.so.preload || $(SBINDIR)/kashim-rescue
	$(Q)rm -f $(foreach file,$(IN_LIBRARY) $(IN_COMMAND),$(call target,$(file))) "$(DESTDIR)$(SYSCONFDIR)/kashim.policy"
	$(Q)rmdir "$(DESTDIR)$(LIBEXECDIR)" "$(DESTDIR)$(DOCDIR)/examples" "$(DESTDIR)$(DOCDIR)" 2>/dev/null || :
	$(Q)if cmp -s conf/kashim.conf "$(DESTDIR)$(SYSCONFDIR)/kashim.conf"; then rm -f "$(DESTDIR)$(SYSCONFDIR)/kashim.conf"; fi
	$(refresh_loader)

# Packages, by the distribution's own tools; ARCH=i386 makes the library alone, for the programs of another architecture.
deb rpm:
	$(Q)scripts/package/make-package $@ $(VERSION) $(ARCH)

clean:
	$(Q)rm -rf build

# Tests keep whole systems in two places, with directories of such names.
-include $(shell find build \( -path build/fresh -o -path build/everywhere -o -path build/tests/debian \) -prune -o -type f -name '*.d' -print 2>/dev/null)
