#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Programs that set keepalive options themselves keep their own in mode suggest, which fills only what they leave, and
# carry the policy in mode force. Without the shim they show what is their own.

load ../lib/live

# The policy in this mode. In suggest, POLICY is what a program has that sets nothing, and no other program.
mode() {
	printf 'defaults: { mode = "%s"; idle = 33; interval = 11; count = 5; };\n' "$1" >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
}

# Each socket of a process in this state: what it has in mode force, in suggest, and without the shim.
shows() {
	local pid=$1 state=$2 suggest=$3 own=$4 wanted
	case $MODE in
	force) wanted=$POLICY ;;
	suggest) wanted=$suggest ;;
	*) wanted=$own ;;
	esac
	wait_for has "$pid" "$state" || return
	wait_for state_has "$pid" "$state" "$wanted" || fail "$MODE: not $wanted: $(sockets_of "$pid")"
}

state_has() {
	local timers
	timers=$(timers_of "$1" "$2" | sort -u)
	[ "$timers" = "$3" ]
}

# Play a scene in both modes, and without the shim.
in_each_mode() {
	for MODE in force suggest; do
		mode "$MODE"
		under_the_shim "$@"
		end_scene
		rm -f log
	done
	MODE=none
	without_the_shim "$@"
}

redis() {
	local server
	start redis-server --port "$PORT" --bind 127.0.0.1 --save '' --dir "$PWD" --tcp-keepalive 300
	server=$PID
	wait_for listens
	start_plain redis-cli -p "$PORT" subscribe news
	wait_for redis_has_subscriber
	shows "$server" listen "$POLICY" "$UNTOUCHED"
	shows "$server" established 1/300/100/3 1/300/100/3
}

redis_has_subscriber() {
	in_scene redis-cli -p "$PORT" pubsub numsub news 2>/dev/null | grep -qx 1
}

@test "redis-server keeps its tcp-keepalive 300 in suggest, and gives way in force" {
	needs redis-server redis-cli
	in_each_mode redis
}

# The directory where Debian keeps the server's programs, which are in no PATH.
needs_postgres() {
	POSTGRES=$(type -P postgres) || POSTGRES=$(find /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -n 1)
	[ -n "$POSTGRES" ] || skip "postgres is not installed"
	POSTGRES=$(readlink -f "$POSTGRES")
	needs psql
	[ "$(id -u)" != 0 ] || needs other-users
	AS=()
	[ "$(id -u)" != 0 ] || AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	mkdir database shim
	[ ${#AS[@]} -eq 0 ] || chown 65534:65534 database
	# Where that user can reach it.
	cp "$SHIM" "$ROOT/build/kashim" shim
	SHIM=$PWD/shim/libkashim.so
	"${AS[@]}" test -r "$SHIM" || skip "another user cannot reach the test's directory"
	wrap "${AS[@]}" env
	"${AS[@]}" "${POSTGRES%/*}/initdb" -D database -U postgres -A trust --no-sync >initdb.log 2>&1 || fail "$(cat initdb.log)"
}

# The server's own settings in CONFIGURED; what a connection then has in suggest, and by itself.
database_server() {
	local as=() server
	[ "$MODE" != none ] || as=("${AS[@]}")
	start "${as[@]}" "$POSTGRES" -D "$PWD/database" -p "$PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
		-c fsync=off "${CONFIGURED[@]}"
	server=$PID
	# It may have to recover from how it was ended before.
	wait_for grep -q 'ready to accept connections' log
	start_plain psql -h 127.0.0.1 -p "$PORT" -U postgres -d postgres -v ON_ERROR_STOP=1 -c 'select pg_sleep(300)'
	wait_for has_session "$server"
	shows "$server" listen "$POLICY" "$UNTOUCHED"
	shows "$SESSION" established "$1" "$2"
}

has_session() {
	local pid
	for pid in $(children_of "$1"); do
		if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q 'SELECT'; then
			SESSION=$pid
			return
		fi
	done
	return 1
}

@test "postgres keeps its tcp_keepalives settings in suggest, and gives way in force" {
	needs_postgres
	CONFIGURED=(-c tcp_keepalives_idle=500 -c tcp_keepalives_interval=70 -c tcp_keepalives_count=3)
	in_each_mode database_server 1/500/70/3 1/500/70/3
}

# It switches keepalive on by itself, and leaves the kernel's two hours.
@test "postgres without settings of its own gets the policy in each mode" {
	needs_postgres
	CONFIGURED=()
	in_each_mode database_server "$POLICY" 1/7200/75/9
}

curl_waits() {
	start_plain nc.openbsd -lk 127.0.0.1 "$PORT"
	wait_for listens
	start curl -s "http://127.0.0.1:$PORT/"
	shows "$PID" established 1/60/60/5 1/60/60/9
}

@test "curl keeps its 60 seconds in suggest, and gives way in force" {
	needs curl nc.openbsd
	in_each_mode curl_waits
}

curl_with() {
	start_plain nc.openbsd -lk 127.0.0.1 "$PORT"
	wait_for listens
	start curl -s --keepalive-time 500 "http://127.0.0.1:$PORT/"
	shows "$PID" established 1/500/500/5 1/500/500/9
}

@test "curl --keepalive-time 500 keeps its own in suggest, and gives way in force" {
	needs curl nc.openbsd
	in_each_mode curl_with
}

node_client() {
	start_plain nc.openbsd -lk 127.0.0.1 "$PORT"
	wait_for listens
	start node -e "$1" "$PORT"
	shows "$PID" established "$2" "$3"
}

# libuv sets interval and count along with the idle time.
@test "node's http agent keeps its own in suggest, and gives way in force" {
	needs node nc.openbsd
	in_each_mode node_client '
const http = require("http");
http.get({ port: process.argv[1], host: "127.0.0.1", agent: new http.Agent({ keepAlive: true, keepAliveMsecs: 500000 }) })' \
		1/500/1/10 1/500/1/10
}

@test "node's setKeepAlive that is off again stays off in suggest, and gives way in force" {
	needs node nc.openbsd
	in_each_mode node_client '
const socket = require("net").connect(process.argv[1], "127.0.0.1", () => {
	socket.setKeepAlive(true, 500000);
	socket.setKeepAlive(false);
})' 0/500/1/10 0/500/1/10
}

# The old process hands its listeners to the new one, which never makes them.
haproxy_reloads() {
	local own=$1 first second before
	cat >haproxy.cfg <<-END
		global
			stats socket $PWD/admin.sock mode 600 level admin expose-fd listeners
		defaults
			mode tcp
			timeout connect 60s
			timeout client 60s
			timeout server 60s
		frontend front
			bind 127.0.0.1:$PORT
			$own
			default_backend back
		backend back
			server one 127.0.0.1:$((PORT + 1))
	END
	start_plain nc.openbsd -lk 127.0.0.1 "$((PORT + 1))"
	start haproxy -db -f haproxy.cfg
	first=$PID
	wait_for listens
	wait_for has "$first" listen
	before=$(listener_inode)
	start haproxy -db -f haproxy.cfg -x "$PWD/admin.sock" -sf "$first"
	second=$PID
	wait_for is_gone "$first"
	wait_for has "$second" listen
	[ "$(listener_inode)" = "$before" ] || fail "the listener is another one"
	start_plain nc.openbsd 127.0.0.1 "$PORT"
	wait_for has_two "$second"
	shows "$second" listen "$POLICY" "$UNTOUCHED"
	front=$(sockets_of "$second" established | grep " local=127.0.0.1:$PORT ")
	back=$(sockets_of "$second" established | grep " peer=127.0.0.1:$((PORT + 1)) ")
}

listener_inode() {
	in_scene ss -Hlten "sport = :$PORT" | grep -o 'ino:[0-9]*'
}

has_two() {
	[ "$(timers_of "$1" established | wc -l)" = 2 ]
}

reload() {
	local front back side
	haproxy_reloads "$@"
	case $MODE in
	force | suggest) for side in "$front" "$back"; do
		[[ $side == *' keepalive=1 idle=33 interval=11 count=5 '* ]] || fail "$MODE: $side" || return
	done ;;
	*)
		[[ $back == *' keepalive=0 idle=7200 interval=75 count=9 '* ]] || fail "control: $back"
		[[ $front == *" keepalive=$2 idle=7200 interval=75 count=9 "* ]] || fail "control: $front"
		;;
	esac
}

@test "haproxy carries the policy on listeners handed over in a seamless reload" {
	needs haproxy nc.openbsd
	in_each_mode reload '' 0
}

@test "haproxy with option clitcpka carries the policy after a seamless reload" {
	needs haproxy nc.openbsd
	in_each_mode reload 'option clitcpka' 1
}

needs_java() {
	needs java
	java --version >java.log 2>&1 || skip "this java does not run"
	cat >Own.java <<-'END'
		import java.net.*;
		import java.nio.channels.*;
		import jdk.net.ExtendedSocketOptions;

		class Own {
			public static void main(String[] words) throws Exception {
				InetSocketAddress at = new InetSocketAddress("127.0.0.1", Integer.parseInt(words[1]));
				if (words[0].equals("nio")) {
					ServerSocketChannel server = ServerSocketChannel.open().bind(at);
					SocketChannel client = SocketChannel.open(at);
					SocketChannel accepted = server.accept();
					for (SocketChannel end : new SocketChannel[] { client, accepted }) {
						end.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
						end.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 500);
					}
					ready(client.getOption(ExtendedSocketOptions.TCP_KEEPIDLE));
				} else {
					ServerSocket server = new ServerSocket();
					server.bind(at);
					Socket client = new Socket();
					client.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 500);
					client.connect(at);
					Socket accepted = server.accept();
					accepted.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 500);
					accepted.setKeepAlive(false);
					client.setKeepAlive(true);
					client.setKeepAlive(false);
					ready(client.getOption(ExtendedSocketOptions.TCP_KEEPIDLE));
				}
			}

			static void ready(int idle) throws Exception {
				System.out.println("ready " + idle);
				Thread.sleep(60000);
			}
		}
	END
}

java_sockets() {
	local idle=500
	[ "$MODE" != force ] || idle=33
	export PATIENCE=30
	start java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto Own.java "$1" "$PORT"
	wait_for grep -qs '^ready' log || fail "$(cat log)"
	grep -qx "ready $idle" log || fail "$(cat log)"
	shows "$PID" listen "$POLICY" "$UNTOUCHED"
	shows "$PID" established "$2" "$3"
}

@test "java's Socket and ServerSocket keep their own in suggest, and give way in force" {
	needs_java
	in_each_mode java_sockets net 0/500/11/5 0/500/75/9
}

@test "java's nio channels keep their own in suggest, and give way in force" {
	needs_java
	in_each_mode java_sockets nio 1/500/11/5 1/500/75/9
}

# Two Java programs are told apart by their arguments.
@test "a rule for an argument finds a program of java" {
	needs_java
	cat >k.conf <<-'END'
		defaults: { idle = 33; interval = 11; count = 5; };
		rules = ( { program = "java"; argument = "*.java"; mode = "suggest"; } );
	END
	"$ROOT/build/kashim" compile k.conf >/dev/null
	MODE=suggest
	under_the_shim java_sockets nio 1/500/11/5 1/500/75/9
	end_scene
	rm -f log
	sed -i 's/[*][.]java/*.jar/' k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	MODE=force
	under_the_shim java_sockets nio 1/500/11/5 1/500/75/9
	end_scene
	rm -f log
	MODE=none
	without_the_shim java_sockets nio 1/500/11/5 1/500/75/9
}
