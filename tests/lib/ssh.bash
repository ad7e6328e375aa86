# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# An sshd of the test's own at 127.0.0.1:PORT, and a login. Neither asks for keepalive itself. Its home is here, so that the
# shell reads nobody's files. Loaded after live.bash.

needs_ssh() {
	needs ssh sshd ssh-keygen
	case $(getent passwd "$(id -un)") in
	*/nologin | */false | '') skip "$(id -un) cannot log in" ;;
	esac
	ssh-keygen -q -t ed25519 -N '' -f host_key </dev/null
	ssh-keygen -q -t ed25519 -N '' -f user_key </dev/null
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
}

start_sshd() {
	cat >sshd_config <<-END
		ListenAddress 127.0.0.1:$PORT
		HostKey $PWD/host_key
		AuthorizedKeysFile $PWD/user_key.pub
		PidFile none
		UsePAM no
		StrictModes no
		PasswordAuthentication no
		PrintMotd no
		TCPKeepAlive no
		SetEnv HOME=$PWD
	END
	start "$(command -v sshd)" -D -e -f "$PWD/sshd_config"
	wait_for listens
}

# A session that lasts.
start_ssh() {
	start ssh -F none -i user_key -p "$PORT" -o BatchMode=yes -o IdentitiesOnly=yes \
		-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o TCPKeepAlive=no \
		-T "$(id -un)@127.0.0.1" 'read line'
}

# The server has a session whose own child runs a command.
is_session() {
	local session
	session=$(children_of "$1")
	[ -n "$session" ] && [ -n "$(children_of "$session")" ]
}
