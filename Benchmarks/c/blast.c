// A fake Redis server that floods its subscribers: blast COUNT
//
// Listens on a free port of 127.0.0.1 and prints it. Speaks as much RESP as a subscriber with its command connection
// needs, delivers what is published to it, and on the command BLAST sends COUNT prepared events to every subscriber of
// the channel as fast as they read, from one portion of memory, with everything else between them at frame boundaries.
// When the last byte is written it prints one JSON line.
#include "common.h"

enum { CLIENTS = 32, DISTINCT = 1001, OUTPUT = 1 << 20, INPUT = 1 << 16 };

struct client {
    int descriptor;
    char input[INPUT];
    size_t input_length;
    char output[OUTPUT];
    size_t output_length;
    char channels[8][128];
    int channel_count;
    /// Events still to send, and how much of the current portion is sent.
    int64_t bytes_left;
    int64_t position;
};

static struct client *clients[CLIENTS];
static char *portion;
static int64_t portion_bytes;
static int frame;
static int64_t total, blast_start;

static void answer(struct client *client, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = OUTPUT - client->output_length;
    int length = vsnprintf(client->output + client->output_length, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room) fail("the output of a client is full");
    client->output_length += (size_t)length;
}

static int subscription(struct client *client, const char *channel) {
    for (int index = 0; index < client->channel_count; index++) {
        if (!strcmp(client->channels[index], channel)) return index;
    }
    return -1;
}

static void subscribe(struct client *client, const char *channel) {
    if (subscription(client, channel) < 0 && client->channel_count < 8) {
        snprintf(client->channels[client->channel_count++], 128, "%s", channel);
    }
    answer(
        client, "*3\r\n$9\r\nsubscribe\r\n$%zu\r\n%s\r\n:%d\r\n", strlen(channel), channel, client->channel_count);
}

static void unsubscribe(struct client *client, const char *channel) {
    int index = subscription(client, channel);
    if (index >= 0) memcpy(client->channels[index], client->channels[--client->channel_count], 128);
    answer(
        client, "*3\r\n$11\r\nunsubscribe\r\n$%zu\r\n%s\r\n:%d\r\n", strlen(channel), channel, client->channel_count);
}

static int publish(const char *channel, const char *payload) {
    int reached = 0;
    for (int index = 0; index < CLIENTS; index++) {
        struct client *client = clients[index];
        if (!client || subscription(client, channel) < 0) continue;
        answer(
            client, "*3\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(channel), channel, strlen(payload),
            payload);
        reached++;
    }
    return reached;
}

static int blast(void) {
    int reached = 0;
    for (int index = 0; index < CLIENTS; index++) {
        if (!clients[index] || subscription(clients[index], CHANNEL) < 0) continue;
        clients[index]->bytes_left = total * frame;
        clients[index]->position = 0;
        reached++;
    }
    blast_start = now_ns();
    return reached;
}

static void obey(struct client *client, char **words, int count) {
    const char *name = words[0];
    if (!strcasecmp(name, "SUBSCRIBE")) {
        for (int index = 1; index < count; index++) subscribe(client, words[index]);
    } else if (!strcasecmp(name, "UNSUBSCRIBE")) {
        for (int index = 1; index < count; index++) unsubscribe(client, words[index]);
    } else if (!strcasecmp(name, "PING")) {
        const char *text = count > 1 ? words[1] : "";
        if (client->channel_count > 0) {
            answer(client, "*2\r\n$4\r\npong\r\n$%zu\r\n%s\r\n", strlen(text), text);
        } else if (count > 1) {
            answer(client, "$%zu\r\n%s\r\n", strlen(text), text);
        } else {
            answer(client, "+PONG\r\n");
        }
    } else if (!strcasecmp(name, "PUBLISH") && count == 3) {
        answer(client, ":%d\r\n", publish(words[1], words[2]));
    } else if (!strcasecmp(name, "BLAST")) {
        answer(client, ":%d\r\n", blast());
    } else if (!strcasecmp(name, "INFO")) {
        const char text[] = "# Server\r\nredis_version:7.0.15\r\nrole:master\r\n";
        answer(client, "$%zu\r\n%s\r\n", sizeof text - 1, text);
    } else if (!strcasecmp(name, "CONFIG") || !strcasecmp(name, "ACL")) {
        answer(client, "*0\r\n");
    } else if (!strcasecmp(name, "CLIENT") || !strcasecmp(name, "AUTH") || !strcasecmp(name, "SELECT")) {
        answer(client, "+OK\r\n");
    } else if (!strcasecmp(name, "TIME")) {
        answer(client, "*2\r\n$10\r\n%010ld\r\n$1\r\n0\r\n", (long)time(NULL));
    } else {
        answer(client, "-ERR unknown command '%s'\r\n", name);
    }
}

/// Obeys all whole commands in the input: arrays of bulk strings, which is what clients send.
static void parse(struct client *client) {
    size_t start = 0;
    while (start < client->input_length) {
            char *words[16] = {0};
        size_t lengths[16];
        char *at = client->input + start, *end = client->input + client->input_length;
        char *line = memchr(at, '\n', (size_t)(end - at));
        if (!line || *at != '*') break;
        int count = atoi(at + 1);
        if (count < 1 || count > 16) fail("a command of %d words", count);
        at = line + 1;
        int index = 0;
        for (; index < count; index++) {
            line = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
            if (!line) break;
            lengths[index] = (size_t)atol(at + 1);
            words[index] = line + 1;
            if (words[index] + lengths[index] + 2 > end) break;
            at = words[index] + lengths[index] + 2;
        }
        if (index < count) break;
        for (index = 0; index < count; index++) words[index][lengths[index]] = 0;
        obey(client, words, count);
        start = (size_t)(at - client->input);
    }
    memmove(client->input, client->input + start, client->input_length - start);
    client->input_length -= start;
}

static void hang_up(int index) {
    close(clients[index]->descriptor);
    free(clients[index]);
    clients[index] = NULL;
}

/// Sends answers where a frame of the flood ends, and the flood otherwise.
static void write_to(struct client *client) {
    bool at_boundary = client->position % frame == 0;
    if (client->output_length > 0 && at_boundary) {
        ssize_t count = send(client->descriptor, client->output, client->output_length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count <= 0) return;
        memmove(client->output, client->output + count, client->output_length - (size_t)count);
        client->output_length -= (size_t)count;
        if (client->output_length > 0) return;
    }
    if (client->bytes_left == 0) return;
    int64_t length = portion_bytes - client->position;
    if (length > 256 * 1024) length = 256 * 1024;
    if (length > client->bytes_left) length = client->bytes_left;
    // With an answer waiting only the frame that was begun is finished.
    if (client->output_length > 0) length = frame - client->position % frame;
    ssize_t count = send(client->descriptor, portion + client->position, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0) return;
    client->position = (client->position + count) % portion_bytes;
    client->bytes_left -= count;
    if (client->bytes_left > 0) return;
    printf(
        "{\"sent\": %" PRId64 ", \"start_ns\": %" PRId64 ", \"end_ns\": %" PRId64 ", \"cpu_seconds\": %.3f}\n", total,
        blast_start, now_ns(), cpu_seconds());
    fflush(stdout);
}

static void serve(int listener) {
    struct pollfd pollers[CLIENTS + 1];
    int owners[CLIENTS + 1], count = 1;
    pollers[0] = (struct pollfd){listener, POLLIN, 0};
    for (int index = 0; index < CLIENTS; index++) {
        if (!clients[index]) continue;
        bool writes = clients[index]->output_length > 0 || clients[index]->bytes_left > 0;
        owners[count] = index;
        pollers[count++] = (struct pollfd){clients[index]->descriptor, (short)(POLLIN | (writes ? POLLOUT : 0)), 0};
    }
    if (poll(pollers, (nfds_t)count, -1) < 0) return;
    if (pollers[0].revents) {
        int slot = 0;
        while (slot < CLIENTS && clients[slot]) slot++;
        int descriptor = accept(listener, NULL, NULL);
        if (slot == CLIENTS) fail("too many clients");
        clients[slot] = calloc(1, sizeof **clients);
        clients[slot]->descriptor = descriptor;
    }
    for (int index = 1; index < count; index++) {
        struct client *client = clients[owners[index]];
        if (pollers[index].revents & (POLLIN | POLLHUP | POLLERR)) {
            size_t room = INPUT - client->input_length;
            ssize_t length = recv(client->descriptor, client->input + client->input_length, room, MSG_DONTWAIT);
            if (length <= 0) {
                hang_up(owners[index]);
                continue;
            }
            client->input_length += (size_t)length;
            parse(client);
        }
        if (pollers[index].revents & POLLOUT) write_to(client);
    }
}

int main(int argc, char **argv) {
    if (argc < 2) fail("usage: blast COUNT");
    total = atoll(argv[1]);
    portion = malloc((size_t)(EVENT_BYTES + 128) * DISTINCT);
    for (int index = 0; index < DISTINCT; index++) frame = write_message(portion + (size_t)index * (size_t)frame, index);
    portion_bytes = (int64_t)frame * DISTINCT;

    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 16)) fail("cannot listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (true) serve(listener);
}
