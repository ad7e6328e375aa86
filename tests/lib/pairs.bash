# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For wire tests of a program with kashim beside the same one without: connections of `kashim` and of `plain`, over which a byte
# went each way; then the silence begins. Loaded after wire.bash; the settings are there before.

# Two clients of `server` at this address.
open_clients() {
	local address=$1
	needs_python
	peer server server accept "$address" 7000
	says server listening
	peer plain client connect "$address" 7000
	wrapped_peer kashim client connect "$address" 7000
	says server open 2
	ping_from server
	says server 'got pong' 2
	silence
}

# Two servers at this address, and clients `one` and `two`, neither of which has kashim.
open_servers() {
	local address=$1
	needs_python
	peer plain server accept "$address" 7000
	wrapped_peer kashim server accept "$address" 7001
	says plain listening
	says kashim listening
	peer one client connect "$address" 7000
	peer two client connect "$address" 7001
	says plain open
	says kashim open
	ping_from one two
	says one 'got pong'
	says two 'got pong'
	silence
}

# Two clients of `server` that are some other program, which prints what comes.
open_tools() {
	needs "$1"
	needs_python
	peer server server accept 10.77.2.2 7000
	says server listening
	start_named plain client "$@"
	start_wrapped kashim client "$@"
	says server open 2
	ping_from server
	says plain ping
	says kashim ping
	silence
}
