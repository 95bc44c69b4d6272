// The kernel's scheduling attributes of the calling thread, for which the C library of Debian 12 has no functions, or none
// that Swift can call.
#ifndef CSCHEDULING_H
#define CSCHEDULING_H

#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// `struct sched_attr` of sched_setattr(2) in its first, shortest version.
struct scheduling_attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
};

/// Both return 0, or -1 with `errno`.
static inline int scheduling_read(struct scheduling_attributes *attributes) {
    return (int)syscall(SYS_sched_getattr, 0, attributes, sizeof *attributes, 0);
}

static inline int scheduling_write(struct scheduling_attributes *attributes) {
    attributes->size = sizeof *attributes;
    return (int)syscall(SYS_sched_setattr, 0, attributes, 0);
}

/// How many nanoseconds later than asked the thread may be woken by a timer, so that the kernel can wake several at once.
/// 50,000 by default.
static inline long timer_slack_read(void) { return prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL); }

/// Returns 0, or -1 with `errno`.
static inline int timer_slack_write(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds, 0UL, 0UL, 0UL);
}

#endif
