/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_SETTINGS_H
#define KASHIM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "option.h"

/*
 * What sockets shall get. Pure, as policy.h is; the same code runs in the kashim command and inside
 * wrapped programs.
 */

enum mode {
	MODE_UNSET,
	MODE_TIGHTEN, /* of each time and count the smaller holds, the policy's or the program's */
	MODE_FORCE,   /* the policy wins over the program's own calls */
	MODE_SUGGEST, /* the program's own calls win */
	MODE_OFF,     /* sockets are left alone */
};

/*
 * What a rule, a profile or `defaults` wants. Values are those of option.h, VALUE_UNSET where it
 * says nothing.
 */
struct settings {
	uint32_t mode;
	uint32_t profile; /* name of the profile that values came from, 0 for none */
	int32_t value[OPTION_COUNT];
};

/* Settings in which nothing is set, and the built-in policy: tighten, 60 s, 10 s, 6 probes. */
struct settings settings_unset(void);
struct settings settings_builtin(void);

/*
 * Fill what `to` leaves unset from `from`: the first value wins. Returns the options that were
 * filled, as bits 1 << option.
 */
uint32_t settings_fill(struct settings *to, const struct settings *from);

/*
 * Give path_timeout's idle, interval and count to what is unset. Returns the options that were
 * filled, as above.
 */
uint32_t settings_derive(struct settings *settings);

/*
 * Make settings ready for a socket: keepalive is on unless they say false or the mode is off, and
 * where it is false its times are unset; user_timeout "auto" becomes milliseconds (at most
 * INT32_MAX, about 24 days), "off" becomes VALUE_UNSET.
 * retransmit_max "auto" becomes what ends data in flight when silence would, on a host whose
 * net.ipv4.tcp_retries2 is `retries`; VALUE_UNSET where that is no shorter than the kernel's own.
 */
void settings_resolve(struct settings *settings, uint32_t retries);

/*
 * After how many seconds of silence a connection to a dead peer ends, with settings that are
 * resolved; -1 for never, where keepalive is off. A user timeout takes the place of count:
 * net/ipv4/tcp_timer.c, tcp_keepalive_timer().
 */
int64_t settings_dead_after(const struct settings *settings);

/*
 * The value that a socket gets for an option, VALUE_UNSET for "leave it": of settings, resolved, and
 * of what the program has asked for itself, VALUE_UNSET where it has not. Pure.
 */
int32_t settings_choose(const struct settings *settings, enum option_id option, int32_t asked);

/*
 * After how many milliseconds data in flight end a connection that acknowledges none of them, with
 * settings that are resolved: about, and up to one retransmit_max later. See retransmit.h. Where
 * the kernel has no retransmit_max, for settings that do not set it.
 */
int64_t settings_in_flight_after(const struct settings *settings, uint32_t retries);

/* The mode with this name, of `size` bytes, or MODE_UNSET. */
enum mode mode_named(const char *name, size_t size);
const char *mode_name(enum mode mode);

#endif
