// Publishes prepared events: publish WHERE COUNT [RATE]
//
// Without a rate as fast as the server takes them, many commands to a write; with one that many a second, each with
// the time of its sending inside (see common.h). Prints one JSON line.
#include "common.h"
#include <sys/prctl.h>

enum { DISTINCT = 1001, BATCH = 200 };

static char *commands[DISTINCT];
static int command_length;

/// Counts the answers in what was read; `accepted` adds up how many subscribers each event reached.
static int64_t count_answers(const char *bytes, ssize_t count, int64_t *accepted) {
    static int64_t number;
    int64_t answers = 0;
    for (ssize_t index = 0; index < count; index++) {
        char byte = bytes[index];
        if (byte == '-') fail("the server refused an event");
        if (byte >= '0' && byte <= '9') number = number * 10 + (byte - '0');
        if (byte == '\n') {
            *accepted += number;
            number = 0;
            answers++;
        }
    }
    return answers;
}

/// Writes batches as long as the server takes them and reads its answers as they come, with one thread.
static int64_t flood(int server, int64_t total) {
    fcntl(server, F_SETFL, O_NONBLOCK);
    // So much that the server finds something each time it looks, also when others have the core for a few milliseconds.
    int store = 4 << 20;
    setsockopt(server, SOL_SOCKET, SO_SNDBUF, &store, sizeof store);
    size_t batch_bytes = (size_t)command_length * BATCH;
    // Enough batches one behind the other that a batch can begin at every distinct event.
    char *stream = malloc(batch_bytes + (size_t)command_length * DISTINCT);
    for (int index = 0; index < DISTINCT + BATCH; index++) {
        memcpy(stream + (size_t)index * (size_t)command_length, commands[index % DISTINCT], (size_t)command_length);
    }
    int64_t accepted = 0, sent_bytes = 0, answered = 0;
    int64_t total_bytes = total * command_length, round_bytes = (int64_t)command_length * DISTINCT;
    static char answers[1 << 16];
    while (answered < total) {
        struct pollfd poller = {server, (short)(POLLIN | (sent_bytes < total_bytes ? POLLOUT : 0)), 0};
        if (poll(&poller, 1, 10000) <= 0) fail("the server does not move");
        if (poller.revents & (POLLIN | POLLHUP)) {
            ssize_t count = recv(server, answers, sizeof answers, 0);
            if (count <= 0 && errno != EAGAIN) fail("the server closed the connection");
            if (count > 0) answered += count_answers(answers, count, &accepted);
        }
        if (poller.revents & POLLOUT && sent_bytes < total_bytes) {
            int64_t left = total_bytes - sent_bytes;
            size_t length = left < (int64_t)batch_bytes ? (size_t)left : batch_bytes;
            ssize_t count = send(server, stream + sent_bytes % round_bytes, length, MSG_NOSIGNAL);
            if (count > 0) sent_bytes += count;
        }
    }
    return accepted;
}

/// Whether the time between two events is spent spinning, since a thread that sleeps in a virtual machine wakes late. Not
/// with fewer than three cores: server and reader would have to take turns on what is left, as no producer makes them, and
/// their latencies be the scheduler's.
static bool spins(void) { return sysconf(_SC_NPROCESSORS_ONLN) >= 3; }

/// Sends each event at its time, or at once when that has passed.
static int64_t pace(int server, int64_t total, int64_t rate) {
    bool sleeps = !spins();
    // A nanosecond: the kernel would else wait up to fifty microseconds longer, to wake several threads at once.
    prctl(PR_SET_TIMERSLACK, 1);
    int64_t accepted = 0, answered = 0, start = now_ns();
    int offsets[DISTINCT];
    for (int index = 0; index < DISTINCT; index++) {
        offsets[index] = (int)(strstr(commands[index], STAMP_MARK) - commands[index]) + (int)strlen(STAMP_MARK);
    }
    static char answers[1 << 16];
    for (int64_t sent = 0; sent < total;) {
        if (sleeps) {
            int64_t next = start + (int64_t)((double)sent * 1e9 / (double)rate);
            struct timespec until = {next / 1000000000, next % 1000000000};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        }
        int64_t due = (int64_t)((double)(now_ns() - start) * (double)rate / 1e9);
        for (; sent < total && sent <= due; sent++) {
            char *command = commands[sent % DISTINCT];
            write_stamp(command + offsets[sent % DISTINCT], now_ns());
            write_all(server, command, (size_t)command_length);
            ssize_t count = recv(server, answers, sizeof answers, MSG_DONTWAIT);
            if (count > 0) answered += count_answers(answers, count, &accepted);
        }
    }
    while (answered < total) {
        ssize_t count = recv(server, answers, sizeof answers, 0);
        if (count <= 0) fail("the server closed the connection");
        answered += count_answers(answers, count, &accepted);
    }
    return accepted;
}

int main(int argc, char **argv) {
    if (argc < 3) fail("usage: publish WHERE COUNT [RATE]");
    int64_t total = atoll(argv[2]), rate = argc > 3 ? atoll(argv[3]) : 0;
    for (int index = 0; index < DISTINCT; index++) {
        commands[index] = calloc(1, EVENT_BYTES + 128);
        command_length = write_publish(commands[index], index);
    }
    int server = connect_to(argv[1]);
    int64_t start = now_ns();
    int64_t accepted = rate > 0 ? pace(server, total, rate) : flood(server, total);
    int64_t end = now_ns();
    printf(
        "{\"published\": %" PRId64 ", \"accepted\": %" PRId64 ", \"start_ns\": %" PRId64 ", \"end_ns\": %" PRId64
        ", \"cpu_seconds\": %.3f, \"spins\": %s}\n",
        total, accepted, start, end, cpu_seconds(), rate > 0 && spins() ? "true" : "false");
    return 0;
}
