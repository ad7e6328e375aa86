/* SPDX-License-Identifier: MIT */
/* Apart from profile.c, so that the shim does not carry these words into every program. */
#include "profile.h"

const struct builtin_path builtin_paths[BUILTIN_PROFILES] = {
	{ "AWS Network Load Balancer", "AWS Elastic Load Balancing, connection idle timeout" },
	{ "AWS NAT gateway", "Amazon VPC, NAT gateway troubleshooting" },
	{ "Azure Load Balancer and its outbound NAT", "Azure Load Balancer, TCP idle timeout" },
	{ "Google Cloud VPC firewall", "Google Cloud VPC, connection tracking" },
	{ "IPVS: Kubernetes and Docker Swarm services", "Linux, ipvsadm(8), --set" },
	{ "home router", "an estimate: RFC 5382 asks for 2 h 4 min, many routers keep less" },
};
