// A subscriber that does nothing but read: read WHERE COUNT [latency|busy|work NS]
//
// What the fastest possible subscriber gets from a server. It counts bytes, since all frames have one length; with
// `latency` it also looks at the time stamp of each event. With `busy` it asks again at once instead of sleeping until something
// comes: waking a sleeping reader costs the server time, so a busy one gets more out of it. With `work` it computes for NS
// nanoseconds an event, in registers: what any subscriber would get that takes so much time. Ends when all have come, when the
// server closes the connection, or when nothing came for two seconds after the first event. Prints "ready" once it is
// subscribed, and at the end one JSON line.
#include "common.h"

enum { BUFFER = 64 * 1024 };

static int compare(const void *left, const void *right) {
    int64_t difference = *(const int64_t *)left - *(const int64_t *)right;
    return difference < 0 ? -1 : difference > 0;
}

/// Computes until then, without a look at memory.
static void work_until(int64_t until) {
    for (volatile unsigned value = 0; now_ns() < until;) {
        for (int step = 0; step < 50; step++) value = value * 31 + 7;
    }
}

int main(int argc, char **argv) {
    if (argc < 3) fail("usage: read WHERE COUNT [latency|busy|work NS]");
    int64_t total = atoll(argv[2]);
    bool measures = argc > 3 && !strcmp(argv[3], "latency"), busy = argc > 3 && !strcmp(argv[3], "busy");
    int64_t work_ns = argc > 4 && !strcmp(argv[3], "work") ? atoll(argv[4]) : 0;
    static char message[EVENT_BYTES + 128];
    int frame = write_message(message, 0);

    int server = connect_to(argv[1]);
    const char subscribe[] = "*2\r\n$9\r\nSUBSCRIBE\r\n$10\r\n" CHANNEL "\r\n";
    write_all(server, subscribe, sizeof subscribe - 1);
    static char buffer[BUFFER];
    const char confirmation[] = "*3\r\n$9\r\nsubscribe\r\n$10\r\n" CHANNEL "\r\n:1\r\n";
    for (size_t seen = 0; seen < sizeof confirmation - 1;) {
        ssize_t count = recv(server, buffer, sizeof confirmation - 1 - seen, 0);
        if (count <= 0) fail("the server closed the connection");
        seen += (size_t)count;
    }
    puts("ready");
    fflush(stdout);

    struct timeval patience = {2, 0};
    int64_t bytes = 0, first = 0, last = 0, wanted = total * frame, found = 0;
    int64_t *latencies = measures ? calloc((size_t)total, sizeof *latencies) : NULL;
    static char carry[EVENT_BYTES + 128];
    size_t carried = 0;
    double cpu = 0;
    while (bytes < wanted) {
        ssize_t count = recv(server, buffer, sizeof buffer, busy ? MSG_DONTWAIT : 0);
        if (busy && count < 0 && errno == EAGAIN && (first == 0 || now_ns() - last < 2000000000)) continue;
        if (count <= 0) break;
        last = now_ns();
        if (first == 0) {
            first = last;
            cpu = cpu_seconds();
            setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        }
        bytes += count;
        if (work_ns > 0) work_until(last + work_ns * count / frame);
        for (ssize_t at = 0; measures && at < count;) {
            size_t take = (size_t)frame - carried;
            if (take > (size_t)(count - at)) take = (size_t)(count - at);
            memcpy(carry + carried, buffer + at, take);
            carried += take;
            at += (ssize_t)take;
            if (carried < (size_t)frame) break;
            const char *mark = memmem(carry, (size_t)frame, STAMP_MARK, strlen(STAMP_MARK));
            if (mark && found < total) latencies[found++] = last - read_stamp(mark + strlen(STAMP_MARK));
            carried = 0;
        }
    }
    cpu = cpu_seconds() - cpu;
    printf(
        "{\"received\": %" PRId64 ", \"first_ns\": %" PRId64 ", \"last_ns\": %" PRId64 ", \"cpu_seconds\": %.3f",
        bytes / frame, first, last, cpu);
    if (found > 0) {
        qsort(latencies, (size_t)found, sizeof *latencies, compare);
        printf(
            ", \"p50_us\": %.1f, \"p99_us\": %.1f", (double)latencies[found / 2] / 1e3,
            (double)latencies[found * 99 / 100] / 1e3);
    }
    puts("}");
    return 0;
}
