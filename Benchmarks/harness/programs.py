"""The programs that take part: the C programs of the benchmark, redis-server, and the reactor."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

FOLDER = pathlib.Path(__file__).parent.parent
BUILT = FOLDER / ".build"


def build():
    """Compiles the C programs, unless they are newer than their sources."""
    BUILT.mkdir(exist_ok=True)
    header = FOLDER / "c" / "common.h"
    for source in sorted((FOLDER / "c").glob("*.c")):
        program = BUILT / source.stem
        newest = max(source.stat().st_mtime, header.stat().st_mtime)
        if not program.exists() or program.stat().st_mtime < newest:
            subprocess.run(["cc", "-std=gnu11", "-O2", "-Wall", "-o", str(program), str(source)], check=True)


def wait_until(condition, seconds, what):
    """Polls until the condition gives something true; returns that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.002)
    raise RuntimeError(f"{what} did not happen within {seconds} s")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="aos-bench-", dir="/tmp")
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def process(arguments, **options):
    """A process that is ended, by its number, when the block is left."""
    child = subprocess.Popen([str(argument) for argument in arguments], **options)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


def cpu_seconds(pid):
    """CPU time of each thread of a process, in seconds: {"name/number": seconds}. Exact to the nanosecond."""
    times = {}
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # The thread has ended since.
            name = (thread / "comm").read_text().strip()
            times[f"{name}/{thread.name}"] = int((thread / "schedstat").read_text().split()[0]) / 1e9
    return times


def rss_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


class PeakRSS:
    """Samples a process' resident memory every 50 ms while the block runs."""

    def __init__(self, pid):
        self.pid = pid
        self.mib = 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.sample)

    def sample(self):
        while not self.over.wait(0.05):
            with contextlib.suppress(OSError):
                self.mib = max(self.mib, rss_mib(self.pid))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


@contextlib.contextmanager
def redis_server():
    """A redis-server with the defaults that matter here, on a unix socket; yields (process number, socket)."""
    with folder() as data:
        path = str(data / "redis.sock")
        command = ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", data]
        with process(command, stdout=subprocess.DEVNULL) as server:
            wait_until(lambda: answers(path), 10, "redis-server's answer")
            yield server.pid, path


def answers(path):
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def publish(where, count, rate=None):
    arguments = [BUILT / "publish", where, count] + ([rate] if rate else [])
    output = subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True).stdout
    return json.loads(output)


@contextlib.contextmanager
def reader(where, count, *options):
    """A subscribed C reader; `result()` waits for its end."""
    command = [BUILT / "read", where, count, *options]
    with process(command, stdout=subprocess.PIPE, text=True) as child:
        child.stdout.readline()
        child.result = lambda: json.loads(child.stdout.readline())
        yield child


@contextlib.contextmanager
def blaster(count):
    """The fake server that floods; yields (process, port)."""
    with process([BUILT / "blast", count], stdout=subprocess.PIPE, text=True) as child:
        yield child, int(child.stdout.readline())


class Reactor:
    """The program under test, running."""

    def __init__(self, child, address, started):
        self.pid = child.pid
        self.child = child
        self.address = address
        self.started = started
        self.seconds_to_running = None

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
            return answer.read().decode()

    def state(self):
        with contextlib.suppress(OSError):
            return json.loads(self.get("/v1/status"))["state"]
        return None

    def is_ready(self):
        with contextlib.suppress(OSError):
            self.get("/readyz")
            return True
        return False

    def metrics(self):
        """The sum of all samples of each metric."""
        sums = {}
        for line in self.get("/metrics").splitlines():
            if not line or line.startswith("#"):
                continue
            name = line.split("{")[0].split(" ")[0]
            with contextlib.suppress(ValueError):
                sums[name] = sums.get(name, 0.0) + float(line.rsplit(" ", 1)[1])
        return sums

    def received(self):
        return self.metrics().get("aos_messages_received_total", 0)


@contextlib.contextmanager
def reactor(program, redis_url, *, extra="", history="off", handlers="handlers", state="memory"):
    """Starts the reactor on a server and waits until it is ready. `{folder}` in `history` is a folder of its own."""
    with folder() as data:
        address = f"127.0.0.1:{free_port()}"
        config = data / "reactor.yaml"
        config.write_text(
            f'version: 1\nredis: {{ url: "{redis_url}" }}\nsources: [{{ pubsub: aos.events }}]\n'
            f'http: {{ listen: "{address}" }}\nstate: {state}\nlog: {{ level: warning, format: json }}\n'
            f'history: {{ url: "{history.replace("{folder}", str(data))}", spill_dir: "{data}/spill" }}\n{extra}'
        )
        command = [program, "run", "--config", config, "--handlers", FOLDER / handlers]
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
        started = time.monotonic()
        with (data / "log").open("w") as log, process(command, stdout=log, stderr=log, env=environment) as child:
            running = Reactor(child, address, started)
            try:
                wait_until(lambda: child.poll() is not None or running.state() == "RUNNING", 20, "state RUNNING")
                running.seconds_to_running = time.monotonic() - started
                wait_until(lambda: child.poll() is not None or running.is_ready(), 20, "readiness")
            except RuntimeError as error:
                raise RuntimeError(f"{error}\n{(data / 'log').read_text()}") from None
            if child.poll() is not None:
                raise RuntimeError(f"the reactor ended with {child.returncode}:\n{(data / 'log').read_text()}")
            yield running
