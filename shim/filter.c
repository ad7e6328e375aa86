/* SPDX-License-Identifier: MIT */
#include "filter.h"

#include <string.h>

/* linux/audit.h, AUDIT_ARCH_*: the machine's number in ELF, with bits for 64-bit and little endian. */
#if defined(__x86_64__) && defined(__LP64__)
#define MACHINE UINT32_C(0xc000003e)
#elif defined(__i386__)
#define MACHINE UINT32_C(0x40000003)
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define MACHINE UINT32_C(0xc00000b7)
#elif defined(__ARM_EABI__) && defined(__ARMEL__)
#define MACHINE UINT32_C(0x40000028)
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE UINT32_C(0xc00000f3)
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define MACHINE UINT32_C(0xc0000015)
#elif defined(__s390x__)
#define MACHINE UINT32_C(0x80000016)
#elif defined(__loongarch64)
#define MACHINE UINT32_C(0xc0000102)
#endif

#ifdef MACHINE

/* What a filter sees: struct seccomp_data of linux/seccomp.h. */
struct data {
	int32_t call;
	uint32_t machine;
	uint64_t instruction;
	uint64_t argument[6];
};

/* A step's code: linux/bpf_common.h. */
enum {
	CLASS = 0x07,
	LOAD = 0x00,
	LOAD_X = 0x01,
	STORE = 0x02,
	STORE_X = 0x03,
	CALCULATE = 0x04,
	JUMP = 0x05,
	RETURN = 0x06,
	MOVE = 0x07,
	MODE = 0xe0, /* of a load */
	ABSOLUTE = 0x20,
	MEMORY = 0x60,
	LENGTH = 0x80,
	OPERATION = 0xf0,
	FROM_X = 0x08, /* the operand is X instead of the step's value */
	MOVE_TO_A = 0x80,
	RETURN_A = 0x10,
};

struct machine {
	const struct data *data;
	uint32_t a, x, memory[16];
};

static uint32_t
load(const struct machine *machine, const struct filter_step *step)
{
	uint32_t word = step->value; /* BPF_IMM */

	if ((step->code & MODE) == ABSOLUTE) {
		if (step->value > sizeof(*machine->data) - sizeof(word))
			return 0;
		memcpy(&word, (const char *)machine->data + step->value, sizeof(word));
	} else if ((step->code & MODE) == MEMORY) {
		word = machine->memory[step->value & 15];
	} else if ((step->code & MODE) == LENGTH) {
		word = sizeof(*machine->data);
	}
	return word;
}

static uint32_t
calculate(unsigned operation, uint32_t a, uint32_t operand)
{
	switch (operation) {
	case 0x00:
		return a + operand;
	case 0x10:
		return a - operand;
	case 0x20:
		return a * operand;
	case 0x30:
		return operand == 0 ? 0 : a / operand;
	case 0x40:
		return a | operand;
	case 0x50:
		return a & operand;
	case 0x60:
		return a << (operand & 31);
	case 0x70:
		return a >> (operand & 31);
	case 0x80:
		return -a;
	default:
		return a ^ operand;
	}
}

/* How many steps are left out behind this one. */
static uint32_t
jump(const struct filter_step *step, uint32_t a, uint32_t operand)
{
	bool holds;

	switch (step->code & OPERATION) {
	case 0x00:
		return operand;
	case 0x10:
		holds = a == operand;
		break;
	case 0x20:
		holds = a > operand;
		break;
	case 0x30:
		holds = a >= operand;
		break;
	default:
		holds = (a & operand) != 0;
	}
	return holds ? step->if_true : step->if_false;
}

/*
 * The filter's answer. Jumps go forward alone, so it ends. The kernel refuses a filter that is in error,
 * and then nothing is forbidden: as if it had said so, 0x7fff0000.
 */
static uint32_t
answer(const struct filter *filter, const struct data *data)
{
	struct machine machine = { .data = data };

	for (size_t at = 0; at < filter->count; at++) {
		const struct filter_step *step = &filter->steps[at];
		uint32_t operand = (step->code & FROM_X) != 0 ? machine.x : step->value;

		switch (step->code & CLASS) {
		case LOAD:
			machine.a = load(&machine, step);
			break;
		case LOAD_X:
			machine.x = load(&machine, step);
			break;
		case STORE:
			machine.memory[step->value & 15] = machine.a;
			break;
		case STORE_X:
			machine.memory[step->value & 15] = machine.x;
			break;
		case CALCULATE:
			machine.a = calculate(step->code & OPERATION, machine.a, operand);
			break;
		case JUMP:
			at += jump(step, machine.a, operand);
			break;
		case RETURN:
			return (step->code & RETURN_A) != 0 ? machine.a : step->value;
		default:
			if ((step->code & MOVE_TO_A) != 0)
				machine.a = machine.x;
			else
				machine.x = machine.a;
		}
	}
	return 0x7fff0000;
}

bool
filter_lets(const struct filter *filter, long call, const uint32_t arguments[3])
{
	enum {
		ERROR = 0x0005,
		LOGGED = 0x7ffc,
		ALLOWED = 0x7fff
	}; /* SECCOMP_RET_*, above 16 bits */
	struct data data = { .call = (int32_t)call, .machine = MACHINE };
	uint32_t action;

	for (unsigned i = 0; i < 3; i++)
		data.argument[i] = arguments[i];
	action = answer(filter, &data) >> 16;
	return action == ERROR || action == LOGGED || action == ALLOWED;
}

#else

bool
filter_lets(const struct filter *filter, long call, const uint32_t arguments[3])
{
	(void)filter;
	(void)call;
	(void)arguments;
	return true;
}

#endif
