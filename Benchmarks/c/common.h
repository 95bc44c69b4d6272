// What the programs of the benchmark share: sockets, clocks, and the events themselves.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CHANNEL "aos.events"
#define EVENT_BYTES 300

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, errno ? ": %s\n" : "\n", strerror(errno));
    exit(1);
}

static inline int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static inline double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static inline void sleep_ns(int64_t nanoseconds) {
    if (nanoseconds <= 0) return;
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    nanosleep(&time, NULL);
}

/// Connects to `/path/of/socket` or to a port number on 127.0.0.1.
static inline int connect_to(const char *where) {
    int descriptor;
    if (where[0] == '/') {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        strncpy(address.sun_path, where, sizeof address.sun_path - 1);
        descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(descriptor, (struct sockaddr *)&address, sizeof address)) fail("cannot connect to %s", where);
    } else {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(where))};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        descriptor = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(descriptor, (struct sockaddr *)&address, sizeof address)) fail("cannot connect to %s", where);
        int on = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return descriptor;
}

static inline void write_all(int descriptor, const void *bytes, size_t count) {
    for (const char *at = bytes; count > 0;) {
        ssize_t written = send(descriptor, at, count, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail("cannot write");
        at += written;
        count -= (size_t)written;
    }
}

/// The eleven event types of the original's cross-domain test.
static const char *const EVENT_TYPES[] = {
    "run.started",        "run.completed",   "run.failed",      "incident.created",
    "incident.resolved",  "policy.evaluated", "threshold.exceeded", "trace.started",
    "trace.completed",    "audit.reconciliation.missing", "audit.reconciliation.drift",
};
#define EVENT_TYPE_COUNT 11

/// Where the 19 digits of the time stamp begin in an event.
#define STAMP_MARK "\"sent_ns\": "
#define STAMP_DIGITS 19

/// Writes one event of exactly EVENT_BYTES bytes as the original's Python publisher writes it.
static inline void write_event(char *to, int number) {
    char text[EVENT_BYTES * 2];
    int length = snprintf(
        text, sizeof text,
        "{\"event_type\": \"%s\", \"timestamp\": \"2026-11-20T23:15:12.223220+00:00\", \"source\": \"aos\", "
        "\"payload\": {\"run_id\": \"run-%06d\", \"tenant_id\": \"tenant-%d\", " STAMP_MARK "%0*d, \"note\": \"",
        EVENT_TYPES[number % EVENT_TYPE_COUNT], number % 1000, number % 7, STAMP_DIGITS, 1);
    // JSON has no numbers with leading zeros: until a stamp is written the first digit is a one.
    char *digits = strstr(text, STAMP_MARK) + strlen(STAMP_MARK);
    digits[0] = '1';
    const char *const tail = "\"}}";
    int padding = EVENT_BYTES - length - (int)strlen(tail);
    if (padding < 0) fail("an event of %d bytes is too small", EVENT_BYTES);
    memcpy(to, text, (size_t)length);
    memset(to + length, 'x', (size_t)padding);
    memcpy(to + length + padding, tail, strlen(tail));
}

static inline void write_stamp(char *digits, int64_t stamp) {
    for (int index = STAMP_DIGITS - 1; index >= 0; index--) {
        digits[index] = (char)('0' + stamp % 10);
        stamp /= 10;
    }
    // A monotonic clock counts from the start of the machine, so the first digit is free to keep the number one.
    digits[0] = '1';
}

static inline int64_t read_stamp(const char *digits) {
    int64_t stamp = 0;
    for (int index = 1; index < STAMP_DIGITS; index++) stamp = stamp * 10 + (digits[index] - '0');
    return stamp;
}

/// The frame in which an event reaches a subscriber; returns its length.
static inline int write_message(char *to, int number) {
    int head = sprintf(
        to, "*3\r\n$7\r\nmessage\r\n$%d\r\n" CHANNEL "\r\n$%d\r\n", (int)strlen(CHANNEL), EVENT_BYTES);
    write_event(to + head, number);
    memcpy(to + head + EVENT_BYTES, "\r\n", 2);
    return head + EVENT_BYTES + 2;
}

/// The command that publishes an event; returns its length.
static inline int write_publish(char *to, int number) {
    int head = sprintf(
        to, "*3\r\n$7\r\nPUBLISH\r\n$%d\r\n" CHANNEL "\r\n$%d\r\n", (int)strlen(CHANNEL), EVENT_BYTES);
    write_event(to + head, number);
    memcpy(to + head + EVENT_BYTES, "\r\n", 2);
    return head + EVENT_BYTES + 2;
}
