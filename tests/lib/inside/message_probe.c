/* SPDX-License-Identifier: MIT */
/*
 * message_probe control|headers|many|meddled: recvmsg(2) and recvmmsg(2) of messages that carry TCP
 * sockets and more, into rooms of every size and pointers of every kind.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "probe.h"

enum { ROOM = 256, RIGHTS = 3 };

static int pair[2], sent[RIGHTS];

/* What one message needs. */
struct room {
	_Alignas(struct cmsghdr) char control[ROOM];
	char data[8];
	struct sockaddr_storage name;
	struct iovec vector;
	struct msghdr message;
};

static struct msghdr *
blank(struct room *room)
{
	memset(room, 0, sizeof(*room));
	memset(room->control, 0xee, sizeof(room->control));
	room->vector = (struct iovec){ room->data, sizeof(room->data) };
	room->message = (struct msghdr){ .msg_iov = &room->vector,
		.msg_iovlen = 1,
		.msg_control = room->control,
		.msg_controllen = sizeof(room->control) };
	return &room->message;
}

/* So many TCP sockets, with the letters of the text. */
static void
post(size_t count, const char *text)
{
	struct room room;
	struct msghdr *message = blank(&room);
	struct cmsghdr *part = CMSG_FIRSTHDR(message);

	strncpy(room.data, text, sizeof(room.data) - 1);
	room.vector.iov_len = strlen(text);
	message->msg_controllen = count == 0 ? 0 : CMSG_SPACE(count * sizeof(int));
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(part), sent, count * sizeof(int));
	if (sendmsg(pair[0], message, 0) == -1)
		exit(1);
	errno = SENTINEL;
}

/* Numbers: 3 and 4 are the pair, 5 to 7 what is sent. */
static void
set_scene(int type)
{
	closefrom(STDERR_FILENO + 1);
	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair) == -1)
		exit(1);
	sent[0] = socket(AF_INET, SOCK_STREAM, 0);
	sent[1] = socket(AF_INET6, SOCK_STREAM, 0);
	sent[2] = socket(AF_UNIX, SOCK_STREAM, 0);
	errno = SENTINEL;
}

static void
show_message(const struct msghdr *message)
{
	const unsigned char *control = message->msg_control;

	printf("  flags %x, name %u, control %zu:", (unsigned)message->msg_flags,
	    message->msg_namelen, message->msg_controllen);
	for (size_t i = 0; i < message->msg_controllen && i < ROOM; i++)
		printf(" %02x", control[i]);
	printf("; open:");
	for (int fd = 0; fd < 2 * ROOM; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags != -1)
			printf(" %d%s", fd, flags == FD_CLOEXEC ? "c" : "");
	}
	puts("");
	errno = SENTINEL;
}

static int
receive(struct msghdr *message, int flags)
{
	int result;

	errno = SENTINEL;
	result = (int)recvmsg(pair[1], message, flags);
	show("recvmsg", result);
	if (result != -1)
		show_message(message);
	return result;
}

/* Three sockets, and who sent them, in rooms that are too small, large enough, and not there. */
static void
probe_control(void)
{
	const int on = 1;
	struct room room;

	for (int with_sender = 0; with_sender < 2; with_sender++) {
		for (size_t size = 0; size <= 80; size += size < 32 ? 1 : 4) {
			set_scene(SOCK_DGRAM);
			if (with_sender)
				setsockopt(pair[1], SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on));
			post(RIGHTS, "three");
			blank(&room)->msg_controllen = size;
			/* The time itself is not to be compared. */
			if (with_sender)
				room.message.msg_controllen += size < 24 ? 0 : 1;
			printf("room for %zu\n", size);
			if (!with_sender)
				receive(&room.message, 0);
			else
				show("recvmsg", (int)recvmsg(pair[1], &room.message, 0));
			show("a socket", socket(AF_INET, SOCK_STREAM, 0));
		}
	}
	set_scene(SOCK_STREAM);
	post(1, "one");
	post(0, "none");
	receive(blank(&room), MSG_PEEK);
	receive(blank(&room), MSG_PEEK | MSG_CMSG_CLOEXEC);
	receive(blank(&room), MSG_CMSG_CLOEXEC);
	receive(blank(&room), 0);
	receive(blank(&room), 0);
	receive(blank(&room), MSG_ERRQUEUE);
	shutdown(pair[0], SHUT_RDWR);
	receive(blank(&room), 0);
}

/*
 * A header, or what it points to, that cannot be read or written. Each gets a message of its own.
 */
static void
probe_headers(void)
{
	struct room room;
	struct msghdr *message = blank(&room), *edged;
	long page = sysconf(_SC_PAGESIZE);
	char *fixed;

	set_scene(SOCK_DGRAM);
	for (int i = 0; i < 20; i++)
		post(i % 2 == 0 ? 1 : 0, "x");
	show("NULL", (int)recvmsg(pair[1], NULL, 0));
	show("nowhere", (int)recvmsg(pair[1], (struct msghdr *)(void *)edge(0), 0));
	show("half of it", (int)recvmsg(pair[1], (struct msghdr *)(void *)edge(16), 0));
	show("1", (int)recvmsg(pair[1], (struct msghdr *)1, 0));
	show("-1", (int)recvmsg(pair[1], (struct msghdr *)UINTPTR_MAX, 0));
	edged = (struct msghdr *)(void *)edge(sizeof(*edged));
	memcpy(edged, message, sizeof(*edged));
	receive(edged, 0);
	fixed = edge(sizeof(*edged));
	memcpy(fixed, blank(&room), sizeof(*edged));
	mprotect((void *)((uintptr_t)fixed & ~((uintptr_t)page - 1)), (size_t)page, PROT_READ);
	errno = SENTINEL;
	show("read-only", (int)recvmsg(pair[1], (struct msghdr *)(void *)fixed, 0));

	blank(&room)->msg_control = NULL;
	receive(message, 0);
	blank(&room)->msg_control = NULL;
	receive(message, 0);
	for (int i = 0; i < 2; i++) {
		blank(&room)->msg_control = edge(0);
		show("no control, size", (int)recvmsg(pair[1], message, 0));
		printf("%zu\n", message->msg_controllen);
	}
	blank(&room)->msg_control = edge(CMSG_SPACE(sizeof(int)) - 4);
	show("control in part", (int)recvmsg(pair[1], message, 0));
	for (int i = 0; i < 2; i++) {
		blank(&room)->msg_controllen = SIZE_MAX;
		show("control size -1", (int)recvmsg(pair[1], message, 0));
		blank(&room)->msg_controllen = INT32_MAX;
		receive(message, 0);
	}
	blank(&room)->msg_iov = NULL;
	receive(message, 0);
	blank(&room)->msg_iovlen = 5000;
	receive(message, 0);
	blank(&room)->msg_iovlen = 0;
	receive(message, 0);
	blank(&room);
	room.vector.iov_base = edge(0);
	receive(message, 0);
	blank(&room)->msg_name = edge(0);
	message->msg_namelen = 20;
	receive(message, 0);
	blank(&room)->msg_name = &room.name;
	message->msg_namelen = UINT32_MAX;
	receive(message, 0);
	message->msg_namelen = 1;
	receive(message, 0);
	receive(blank(&room), 0x40000000);
	show("EBADF", (int)recvmsg(-1, blank(&room), 0));
	show("EBADF, no such", (int)recvmsg(NO_SUCH_FD, message, 0));
	show("ENOTSOCK", (int)recvmsg(end_of_pipe(), message, 0));
	show("tcp, not connected", (int)recvmsg(sent[0], message, 0));
	show("EBADF and NULL", (int)recvmsg(-1, NULL, 0));
	show("a socket", socket(AF_INET, SOCK_STREAM, 0));
}

static void
receive_many(
    const char *what, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	int result;

	errno = SENTINEL;
	result = recvmmsg(pair[1], messages, count, flags, timeout);
	show(what, result);
	for (int i = 0; i < result; i++)
		show_message(&messages[i].msg_hdr);
}

static struct mmsghdr *
blank_many(struct mmsghdr *messages, struct room *rooms, size_t count)
{
	for (size_t i = 0; i < count; i++)
		messages[i] = (struct mmsghdr){ .msg_hdr = *blank(&rooms[i]) };
	return messages;
}

static void
probe_many(void)
{
	enum { MANY = 4 };
	struct room rooms[MANY];
	struct mmsghdr messages[MANY], *edged;
	struct timespec none = { 0 }, negative = { 0, -1 }, soon = { 0, 10000000 };

	set_scene(SOCK_DGRAM);
	receive_many("EAGAIN", blank_many(messages, rooms, MANY), MANY, 0, NULL);
	receive_many("EAGAIN, timeout", messages, MANY, 0, &none);
	receive_many("no messages", messages, 0, 0, NULL);
	for (int i = 0; i < 3; i++)
		post((size_t)i, "x");
	receive_many("three of four", messages, MANY, 0, NULL);
	for (int i = 0; i < 12; i++)
		post(1, "x");
	receive_many("two of twelve", blank_many(messages, rooms, MANY), 2, MSG_CMSG_CLOEXEC, NULL);
	receive_many("one", blank_many(messages, rooms, MANY), MANY, MSG_WAITFORONE, &soon);
	blank_many(messages, rooms, MANY)[1].msg_hdr.msg_iov = (struct iovec *)(void *)edge(0);
	receive_many("the second is bad", messages, MANY, 0, NULL);
	receive_many("and again", messages, MANY, 0, NULL);
	blank_many(messages, rooms, MANY)[0].msg_hdr.msg_iov = NULL;
	receive_many("the first is bad", messages, MANY, 0, NULL);
	receive_many("negative timeout", blank_many(messages, rooms, MANY), MANY, 0, &negative);
	receive_many("bad timeout", messages, MANY, 0, (struct timespec *)(void *)edge(0));
	receive_many("NULL", NULL, MANY, 0, NULL);
	receive_many("NULL, none", NULL, 0, 0, NULL);
	edged = (struct mmsghdr *)(void *)edge(sizeof(*edged));
	memcpy(edged, blank_many(messages, rooms, MANY), sizeof(*edged));
	receive_many("the second is nowhere", edged, 2, 0, NULL);
	post(2, "x");
	receive_many("a huge count", edged, UINT32_MAX, 0, NULL);
	show("EBADF", recvmmsg(-1, messages, MANY, 0, NULL));
	show("ENOTSOCK", recvmmsg(end_of_pipe(), messages, MANY, 0, NULL));
	show("a socket", socket(AF_INET, SOCK_STREAM, 0));
}

static atomic_bool enough;

/* What a program that never looks at control data may do with the room for it. */
static void *
meddle(void *argument)
{
	struct room *room = argument;
	volatile size_t *length = (volatile size_t *)(void *)room->control;
	volatile size_t *size = (volatile size_t *)&room->message.msg_controllen;

	for (size_t i = 0; !atomic_load(&enough); i++) {
		static const size_t lengths[] = { 0, 1, 8, 16, 20, 24, ROOM, SIZE_MAX,
			SIZE_MAX / 2 };

		*length = lengths[i % (sizeof(lengths) / sizeof(*lengths))];
		*size = ROOM - i % ROOM;
	}
	return NULL;
}

static void
probe_meddled(void)
{
	enum { TIMES = 30000 };
	static struct room room;
	pthread_t thread;
	int wrong = 0;

	set_scene(SOCK_STREAM);
	blank(&room);
	if (pthread_create(&thread, NULL, meddle, &room) != 0)
		exit(1);
	for (int i = 0; i < TIMES; i++) {
		post(1, "x");
		room.message.msg_control = room.control;
		wrong += recvmsg(pair[1], &room.message, 0) != 1;
		closefrom(sent[RIGHTS - 1] + 1);
	}
	atomic_store(&enough, 1);
	pthread_join(thread, NULL);
	errno = SENTINEL;
	show("received in vain", wrong);
}

int
main(int argc, char **argv)
{
	const char *topic = argc == 2 ? argv[1] : "";

	if (strcmp(topic, "control") == 0)
		probe_control();
	else if (strcmp(topic, "headers") == 0)
		probe_headers();
	else if (strcmp(topic, "many") == 0)
		probe_many();
	else if (strcmp(topic, "meddled") == 0)
		probe_meddled();
	else
		return 2;
	return 0;
}
