#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The examples that have kashim watch run on many hosts: what reads them takes them, and they have the capabilities of the
# unit, and no others.

load ../lib/basics

EXAMPLES=$BATS_TEST_DIRNAME/../../scripts/examples

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# The documents of a file, one a line, as JSON.
documents() {
	python3 -c 'import json, sys, yaml
for document in yaml.safe_load_all(open(sys.argv[1])):
    print(json.dumps(document))' "$1"
}

needs_yaml() {
	python3 -c 'import yaml' 2>/dev/null || skip "needs yaml for python3"
}

unit_capabilities() {
	sed -n 's/^CapabilityBoundingSet=//p' "$EXAMPLES/../host/kashim-watch.service" | sed 's/CAP_//g' | tr ' ' '\n' | sort
}

@test "the DaemonSet has the unit's capabilities and a valid configuration" {
	needs_yaml
	documents "$EXAMPLES/watch-daemonset.yaml" >all
	python3 - <<-'END' >capabilities
		import json
		configuration, daemonset = (json.loads(line) for line in open("all"))
		assert configuration["kind"] == "ConfigMap" and daemonset["kind"] == "DaemonSet"
		pod = daemonset["spec"]["template"]
		assert pod["metadata"]["labels"].items() >= daemonset["spec"]["selector"]["matchLabels"].items()
		assert pod["spec"]["hostPID"] is True
		container, = pod["spec"]["containers"]
		assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["spec"]["volumes"]}
		assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
		print("\n".join(sorted(container["securityContext"]["capabilities"]["add"])))
		open("kashim.conf", "w").write(configuration["data"]["kashim.conf"])
	END
	unit_capabilities | diff - capabilities
	"$BATS_TEST_DIRNAME/../../build/kashim" check kashim.conf
}

@test "the compose file is valid and has the unit's capabilities" {
	needs docker-compose
	docker-compose -f "$EXAMPLES/watch-compose.yaml" config >out 2>err || fail "$(cat err)"
	sed -n '/cap_add:/,/cap_drop:/s/^ *- //p' out | sort >capabilities
	unit_capabilities | diff - capabilities
	grep -q 'pid: host' out
}

@test "the tasks for Ansible pass its syntax check" {
	needs ansible-playbook
	HOME=$PWD ansible-playbook -i localhost, --syntax-check "$EXAMPLES/watch-ansible.yaml" >out 2>&1 || fail "$(cat out)"
}

@test "the image runs kashim watch, and the unit is in order" {
	grep -qx 'ENTRYPOINT \["/usr/local/bin/kashim", "watch"\]' "$EXAMPLES/watch.Dockerfile"
	needs systemd-analyze
	sed 's|/usr/bin/kashim|/bin/true|' "$EXAMPLES/../host/kashim-watch.service" >kashim-watch.service
	systemd-analyze verify ./kashim-watch.service >out 2>&1 || grep -v "man .*failed" out >wrong || :
	[ ! -s wrong ] || fail "$(cat wrong)"
}
