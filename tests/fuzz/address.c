/* SPDX-License-Identifier: MIT */
/* Addresses, ports and endpoints: what is taken is the same when it is written and read again. */
#include "address.h"
#include "fuzz.h"

static void
claim_network(const char *string)
{
	char room[300], again[80];
	struct text error = text_in(room, sizeof(room));
	struct text written = text_in(again, sizeof(again));
	struct network network, second;

	if (!address_read_network(string, &network, &error)) {
		CLAIM(error.used != 0);
		return;
	}
	CLAIM(network.prefix <= 128 && network.excluded <= 1);
	address_put_network(&written, &network);
	CLAIM(address_read_network(again, &second, &error));
	CLAIM(memcmp(&network, &second, sizeof(network)) == 0);
}

static void
claim_endpoint(const char *string)
{
	char room[300], again[80];
	struct text error = text_in(room, sizeof(room));
	struct text written = text_in(again, sizeof(again));
	struct endpoint endpoint = { 0 }, second = { 0 };

	if (!address_read_endpoint(string, &endpoint, &error)) {
		CLAIM(error.used != 0);
		return;
	}
	address_put_endpoint(&written, &endpoint);
	CLAIM(address_read_endpoint(again, &second, &error));
	CLAIM(endpoint.port == second.port);
	CLAIM(memcmp(endpoint.address, second.address, sizeof(endpoint.address)) == 0);
}

static void
claim_ports(const char *string)
{
	char room[300];
	struct text error = text_in(room, sizeof(room));
	uint32_t ranges[8], count = 0;

	if (!address_read_ports(string, ranges, 8, &count, &error)) {
		CLAIM(error.used != 0);
		return;
	}
	CLAIM(count <= 8);
	for (uint32_t i = 0; i < count; i++)
		CLAIM(ranges[i] >> 16 <= (ranges[i] & 0xffff));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *string = fuzz_string(data, size);

	claim_network(string);
	claim_endpoint(string);
	claim_ports(string);
	free(string);
	return 0;
}
