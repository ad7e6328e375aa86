/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_IN_FLIGHT_H
#define KASHIM_IN_FLIGHT_H

#include <stdbool.h>

#include "load.h"
#include "record.h"

/*
 * retransmit_max, which a socket gets when it listens or has a connection, and not before: option.h
 * says why. Whether the kernel has the option is found out once in a program, by the first socket
 * that is TCP and not MPTCP.
 */

/*
 * The socket listens, or its connection is there. `is_foreign`: it was not made here, so it may have
 * a value that was not seen. Changes errno.
 */
void in_flight_set(const struct loaded *loaded, int fd, bool is_foreign);

/* Whether some socket of this program gets a value. */
INLINE bool
in_flight_is_wanted(const struct loaded *loaded)
{
	return load_waits(loaded) || loaded->settings.value[OPTION_RETRANSMIT_MAX] != VALUE_UNSET;
}

/*
 * connect(2) has returned, on a TCP socket that was made here. A connection that is under way gets
 * its value when the program asks how that went, in_flight_checked(). errno stays.
 */
void in_flight_connect(const struct loaded *loaded, int fd, int result);

/*
 * A connection was accepted in a program with rules that wait for connections: its record says under
 * which one it is. It has the value of its listener. Changes errno.
 */
void in_flight_accepted(const struct loaded *loaded, int fd, const struct record *record);

/* The program has asked for SO_ERROR on a socket whose connection was under way. errno stays. */
void in_flight_checked(const struct loaded *loaded, int fd);

/* The program has set the option itself, on some socket. */
void in_flight_asked(void);

/* Whether this socket has the option. Asks the kernel; changes errno. */
bool in_flight_has_option(int fd);

/* Whether the kernel is known not to have it. */
bool in_flight_is_missing(void);

#endif
