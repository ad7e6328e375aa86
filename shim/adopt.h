/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_ADOPT_H
#define KASHIM_ADOPT_H

#include "load.h"
#include "mark.h"

/*
 * Bring in sockets that were made elsewhere: by raw system calls, or by the program that started
 * this one or sent them. Only what the program uses as a TCP socket is asked anything. What there
 * is to be done depends on the mode: see apply_adopt(). All of these change errno.
 */

/*
 * A socket whose connection has been made, or is under way: by connect(2) to `address`, or where
 * that is NULL, as the other end has connected. Nothing happens to what is not TCP.
 */
void adopt_connection(const struct loaded *loaded, int fd, enum direction direction,
    const struct sockaddr *address, socklen_t size);

/*
 * A socket that listens. Returns what to remember, and remembers it. `accepts`: the program has
 * accepted a connection from it just now; then the next ones are looked at as well. Before that it
 * may still confine itself, so none is, unless it waits in the queue already.
 */
enum mark adopt_listener(const struct loaded *loaded, int fd, bool accepts);

/*
 * A connection that was accepted from a listener that got the policy late. Returns whether those
 * that follow have all of it from the listener.
 */
bool adopt_accepted(const struct loaded *loaded, int fd);

/*
 * A socket that the program made or accepted before the policy was known, or what has its number
 * now.
 */
void adopt_made(const struct loaded *loaded, int fd, enum direction direction);

/*
 * The sockets with which the program was activated: standard input, output and error as inetd(8)
 * gives them, and `passed` descriptors from 3 on, as in sd_listen_fds(3). A socket that the
 * parent has under the same number was inherited, and is the parent's.
 */
void adopt_activated(const struct loaded *loaded, int passed);

#endif
