# SPDX-License-Identifier: MIT
# The targets are listed in tests/README.md and in README.md, "Hacking". V=1 shows the commands, CI=1 makes warnings errors.

VERSION = 0.1.0

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
CFLAGS ?= -O2 -g
INSTALL = install
PKG_CONFIG ?= pkg-config

# Goals that need more than a compiler get it here, before the compiler is asked anything, for it may be missing, too.
NEEDY := $(filter check% lint demo fuzz bench deb rpm,$(MAKECMDGOALS))
ifneq ($(if $(NEEDY),$(shell scripts/build/install-dependencies $(NEEDY) >&2 || echo missing)),)
$(error packages are missing, see above)
endif

# What the compiler prints when it is called like this; nothing where it refuses.
probe = $(shell $(CC) $(1) 2>/dev/null </dev/null)
# The loader's $LIB: lib/x86_64-linux-gnu and the like where the distribution has such directories (Debian); lib64 on
# Fedora and SUSE; lib elsewhere.
MULTIARCH := $(if $(wildcard /usr/lib/*-linux-gnu*),$(call probe,-print-multiarch))
LIB := $(if $(MULTIARCH),lib/$(MULTIARCH),$(or $(filter lib64,$(notdir $(call probe,-print-multi-os-directory))),lib))
# On 32-bit machines, for files with large numbers; elsewhere it would only give functions names that musl does not have.
LARGE_FILES := $(if $(findstring __SIZEOF_POINTER__ 4,$(call probe,-dM -E -x c -)),-D_FILE_OFFSET_BITS=64)
# The rescue program takes a static libc, which some distributions package apart; without one it is left out.
RESCUE := $(if $(filter /%,$(call probe,$(CFLAGS) -print-file-name=libc.a)),build/kashim-rescue)
# What these three are for: shim/README.md, "How it is built".
MACHINE := $(call probe,-dumpmachine)
INLINE_ATOMICS := $(if $(filter aarch64%,$(MACHINE)),$(if $(call probe,-mno-outline-atomics -E -x c -),-mno-outline-atomics))
RELRO := $(if $(findstring musl,$(MACHINE)),relro,norelro)
UNPACKED := $(findstring nopack-relative-relocs,$(call probe,-Xlinker --help))

LIBCONFIG_CFLAGS := $(shell $(PKG_CONFIG) --cflags libconfig 2>/dev/null)
LIBCONFIG_LIBS := $(shell $(PKG_CONFIG) --libs libconfig 2>/dev/null || echo -lconfig)
CHECK_CFLAGS := $(shell $(PKG_CONFIG) --cflags check 2>/dev/null)
CHECK_LIBS := $(shell $(PKG_CONFIG) --libs check 2>/dev/null || echo -lcheck)

SHIM_CFLAGS = $(INLINE_ATOMICS) -fPIC -fvisibility=hidden -U_FORTIFY_SOURCE -U_TIME_BITS -Os -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables
SHIM_LDFLAGS = -shared -nostartfiles -Wl,-soname,libkashim.so -Wl,--version-script=shim/libkashim.map \
	-Wl,-z,defs,-z,$(RELRO),-z,now,-z,noseparate-code,--gc-sections $(UNPACKED:%=-Wl,-z,%)
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_CC ?= clang
FUZZ_CFLAGS = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 600
KASHIM_CPPFLAGS = -D_GNU_SOURCE $(LARGE_FILES) -DKASHIM_VERSION='"$(VERSION)"' -DKASHIM_SYSCONFDIR='"$(SYSCONFDIR)"' \
	-DKASHIM_BINDIR='"$(BINDIR)"' -DKASHIM_SBINDIR='"$(SBINDIR)"' -DKASHIM_LIBDIR='"$(LIBDIR)"' \
	-DKASHIM_LIBEXECDIR='"$(LIBEXECDIR)"'
KASHIM_CFLAGS = -std=c11 -Wall -Wextra -Wno-missing-field-initializers -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wcast-qual -Wpointer-arith -Wwrite-strings -Wundef -Wformat=2 $(if $(CI),-Werror)

# Objects are of a kind: the library's, the command's, those of its unit tests, of the fuzzers. What the folders of a kind
# hold is linked into it, and its files may include nothing else: tests/live/the_rooms_are_kept.bats. An object is
# build/KIND/ and the path of its source.
FOLDERS_library = conf/policy shim/socket shim
FOLDERS_command = conf/policy conf/language shim/socket scripts/command
FOLDERS_unit = $(FOLDERS_command) tests/unit
FOLDERS_fuzz = conf/policy conf/language shim/socket shim
FOLDERS_tests = $(FOLDERS_library)
FLAGS_library = $(SHIM_CFLAGS)
FLAGS_command = $(LIBCONFIG_CFLAGS)
FLAGS_unit = $(LIBCONFIG_CFLAGS) $(CHECK_CFLAGS) $(SANITIZE)
FLAGS_fuzz = $(LIBCONFIG_CFLAGS)
FLAGS_kashim-rescue = -static
kind = $(word 2,$(subst /, ,$@))
source = $(patsubst $(kind)/%,%,$*).c
objects = $(patsubst %.c,build/$(1)/%.o,$(wildcard $(FOLDERS_$(1):%=%/*.c)))

SHIM_OBJECTS = $(call objects,library)
COMMAND_OBJECTS = $(call objects,command)
UNIT_OBJECTS = $(filter-out %/kashim.o,$(call objects,unit))
FUZZ_OBJECTS = $(filter-out %/interpose.o,$(call objects,fuzz))
FUZZERS = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
# Programs of one file. What runs under the shim is in tests/lib/inside, what looks at it from without in tests/lib/outside.
vpath %.c tests/lib/inside tests/lib/outside tests/bench scripts/host
TEST_TOOLS = $(patsubst %.c,build/tests/%,$(notdir $(wildcard tests/lib/*side/*.c tests/bench/*.c)))
# Shell behind kashim system, enable and disable, and the unit of kashim watch.
HOST_PARTS = $(patsubst scripts/host/%,build/%,$(filter-out %.c %.8,$(wildcard scripts/host/*)))

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$@')
.PHONY: all check check-all check-unit check-live check-hostile check-host check-package check-wire check-fresh check-foreign \
	check-programs check-everywhere lint lint-object fuzz check-fuzz bench demo format packages deb rpm clean \
	install install-library install-command install-policy uninstall force
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:

all: build/libkashim.so build/kashim $(RESCUE) $(HOST_PARTS)
	$(if $(RESCUE),,@echo "  left out: kashim-rescue, and with it: kashim system enable. It takes a static libc (glibc-static)")

# Objects know their flags: a change of CFLAGS, PREFIX or the like builds them anew.
NOW = '$(subst ','\'',$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(KASHIM_CPPFLAGS) $(SHIM_CFLAGS) $(SHIM_LDFLAGS))'
build/flags: force
	@mkdir -p build
	@printf '%s\n' $(NOW) | cmp -s - $@ || printf '%s\n' $(NOW) >$@

# The flags of the kind win over the user's.
define compile
$(call say,CC)
$(Q)mkdir -p $(@D)
$(Q)$(CC) $(KASHIM_CPPFLAGS) -MMD -MP $(FOLDERS_$(kind):%=-I%) $(CPPFLAGS) $(KASHIM_CFLAGS) $(CFLAGS) $(FLAGS_$(kind)) \
	$(1) -o $@ $<
endef
# A thread that waits in connect(2) or accept(2) and is cancelled unwinds its stack through these, and through no others.
build/library/shim/interpose.o build/library/shim/connection.o: private SHIM_CFLAGS += -fasynchronous-unwind-tables
build/fuzz/%: private CC = $(FUZZ_CC)
build/fuzz/%: private CFLAGS = $(FUZZ_CFLAGS)
build/%.o: $$(source) build/flags
	$(call compile,-c)
$(TEST_TOOLS) build/kashim-rescue: $$(@F).c build/flags
	$(call compile,$(LDFLAGS))

define link
$(call say,LINK)
$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@.new $(filter %.o %.a,$^) $(1)
$(Q)mv -f $@.new $@
endef
build/libkashim.so: $(SHIM_OBJECTS) shim/libkashim.map
	$(call link,$(SHIM_CFLAGS) $(SHIM_LDFLAGS))
build/kashim: $(COMMAND_OBJECTS)
	$(call link,$(LIBCONFIG_LIBS))
build/unit/run: $(UNIT_OBJECTS)
	$(call link,$(SANITIZE) $(CHECK_LIBS) $(LIBCONFIG_LIBS))
build/fuzz/fuzz-%: build/fuzz/tests/fuzz/%.o build/fuzz/kashim.a
	$(call link,-fsanitize=fuzzer $(LIBCONFIG_LIBS))
# An archive: each fuzzer takes from it what it needs, and may have its own in place of something.
build/fuzz/kashim.a: $(FUZZ_OBJECTS)
	$(Q)rm -f $@ && ar rcs $@ $^

# The unit names where the command is installed.
$(HOST_PARTS): build/%: scripts/host/% build/flags
	$(Q)sed 's|^ExecStart=/usr/bin/|ExecStart=$(BINDIR)/|' $< >$@ && chmod 755 $@

# What is run. The variables choose a part of it, or how long: tests/README.md.
check: check-unit all $(TEST_TOOLS)
	$(Q)scripts/build/run-tests --promises
check-all: check-unit check-fuzz all $(TEST_TOOLS)
	$(Q)scripts/build/run-tests tests/live tests/hostile tests/host tests/wire
check-unit: build/unit/run
	$(Q)build/unit/run
check-live check-hostile check-host check-package check-wire: all $(TEST_TOOLS)
	$(Q)scripts/build/run-tests $(or $(TESTS),$(@:check-%=tests/%))
check-foreign: all
	$(Q)tests/foreign/run $(SUITES)
check-programs: all build/tests/sockopts
	$(Q)tests/programs/run $(PROGRAMS)
check-everywhere: all
	$(Q)tests/everywhere/run $(MACHINES)
check-fresh:
	$(Q)scripts/build/check-fresh $(RELEASES)
check-fuzz: FUZZ_SECONDS = 5
fuzz check-fuzz: build/kashim $(FUZZERS:%=build/fuzz/fuzz-%)
	$(Q)scripts/build/fuzz $(FUZZ_SECONDS) $(FUZZERS)
bench: all $(TEST_TOOLS)
	$(Q)python3 tests/bench/bench.py build/bench.json
	$(Q)python3 tests/bench/table.py build/bench.json
demo: all $(TEST_TOOLS)
	$(Q)scripts/build/demo
lint:
	$(Q)scripts/build/lint
lint-object: # FILE alone, for scripts/build/lint
	$(Q)$(CC) $(KASHIM_CPPFLAGS) -Ishim $(FOLDERS_unit:%=-I%) $(LIBCONFIG_CFLAGS) $(CHECK_CFLAGS) $(KASHIM_CFLAGS) -Werror -O2 \
		-fsyntax-only $(FILE)
format:
	$(Q)clang-format -i $(wildcard conf/*/*.[ch] shim/*.[ch] shim/*/*.[ch] scripts/*/*.[ch] tests/*/*.[ch] tests/lib/*/*.[ch])
packages:
	$(Q)scripts/build/install-dependencies $(or $(FOR),check)
deb rpm:
	$(Q)scripts/package/make-package $@ $(VERSION) $(ARCH)
clean:
	$(Q)rm -rf build

# What is installed, and removed again: MODE FILE... TARGET, a directory where it ends with "/".
define library_files
$(1) 644 build/libkashim.so $(LIBDIR)/
$(1) 644 shim/libkashim.7 $(MANDIR)/man7/
endef
define command_files
$(1) 755 build/kashim $(BINDIR)/
$(1) 755 $(RESCUE) $(SBINDIR)/
$(1) 755 build/kashim-probe build/kashim-system build/kashim-unit $(LIBEXECDIR)/
$(1) 644 build/kashim-library build/kashim-unit-files build/kashim-unit.awk $(LIBEXECDIR)/
$(1) 644 build/kashim-watch.service $(UNITDIR)/
$(1) 644 $(wildcard scripts/*.1) $(MANDIR)/man1/
$(1) 644 $(wildcard scripts/*.5 conf/*.5) $(MANDIR)/man5/
$(1) 644 $(wildcard scripts/host/*.8) $(MANDIR)/man8/
$(1) 644 scripts/completions/kashim.bash $(COMPLETIONDIR)/kashim
$(1) 644 scripts/completions/kashim.zsh $(ZSHCOMPLETIONDIR)/_kashim
$(1) 644 $(wildcard conf/examples/* scripts/examples/*) $(DOCDIR)/examples/
endef
install_files = $(Q)INSTALL='$(INSTALL)' DESTDIR="$(DESTDIR)" scripts/build/install-files
refresh_loader = $(Q)test -n "$(DESTDIR)" || test "$$(id -u)" != 0 || ldconfig || :

install: install-library install-command install-policy
	$(refresh_loader)

install-library: build/libkashim.so
	$(call library_files,$(install_files) put)

# Configuration that someone edited stays.
install-command: all
	$(call command_files,$(install_files) put)
	$(Q)test -e "$(DESTDIR)$(SYSCONFDIR)/kashim.conf" || $(INSTALL) -D -m 644 conf/kashim.conf "$(DESTDIR)$(SYSCONFDIR)/kashim.conf"

# Not in a package: the compiled policy knows the very files that it was made from.
install-policy: install-command
	$(Q)build/kashim compile $(if $(DESTDIR),--root "$(DESTDIR)") -- $(SYSCONFDIR)/kashim.conf

# Where every program of the host loads the library, that ends first.
uninstall:
	$(Q)test -n "$(DESTDIR)" || ! grep -qs '^$(PREFIX)/.*libkashim\.so' /etc/ld.so.preload || $(SBINDIR)/kashim-rescue
	$(call library_files,$(install_files) remove)
	$(call command_files,$(install_files) remove)
	$(Q)rm -f "$(DESTDIR)$(SYSCONFDIR)/kashim.policy"
	$(Q)! cmp -s conf/kashim.conf "$(DESTDIR)$(SYSCONFDIR)/kashim.conf" || rm -f "$(DESTDIR)$(SYSCONFDIR)/kashim.conf"
	$(Q)rmdir "$(DESTDIR)$(LIBEXECDIR)" "$(DESTDIR)$(DOCDIR)/examples" "$(DESTDIR)$(DOCDIR)" 2>/dev/null || :
	$(refresh_loader)

-include $(wildcard $(patsubst %.o,%.d,$(SHIM_OBJECTS) $(COMMAND_OBJECTS) $(UNIT_OBJECTS) $(FUZZ_OBJECTS)) \
	build/fuzz/tests/fuzz/*.d build/tests/*.d build/*.d)
