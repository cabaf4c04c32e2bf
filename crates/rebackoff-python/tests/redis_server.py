"""A redis-server of the test's own, and what tests ask it."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import time

PROGRAM = shutil.which("redis-server")


def wait_until(condition, what):
    """Waits as long as a busy machine takes."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, f"waited for: {what}"
        time.sleep(0.002)


class RedisServer:
    """Starts on a port that no other program has; `more` are further options."""

    def __init__(self, *more):
        self.more = more
        while True:
            # below the ports that a system gives to connections
            self.port = random.SystemRandom().randrange(10_000, 30_000)
            if self.start():
                return

    def start(self):
        """Returns whether this server has its port."""
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *self.more)
        self.process = subprocess.Popen([PROGRAM, *options], stdout=subprocess.DEVNULL)
        own = f"process_id:{self.process.pid}\r"
        while self.process.poll() is None:
            try:
                if own in self.ask("INFO", "server").split("\n"):
                    return True
            except OSError:
                time.sleep(0.005)
        return False

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def ask(self, *command):
        """The answer to a command: a text, a number or a list."""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=120) as connection,
            connection.makefile("rwb") as stream,
        ):
            words = [str(word).encode() for word in command]
            stream.write(b"*%d\r\n" % len(words))
            stream.writelines(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
            stream.flush()
            return _answer(stream)

    def commands(self):
        """The number of scripts that it has run."""
        lines = self.ask("INFO", "commandstats").splitlines()
        counts = [line for line in lines if line.startswith("cmdstat_evalsha:calls=")]
        return sum(int(line.split("=")[1].split(",")[0]) for line in counts)

    def members(self):
        """The number of connections, this one aside."""
        return len(self.ask("CLIENT", "LIST").splitlines()) - 1

    def stop(self):
        self.process.kill()
        self.process.wait()


def _answer(stream):
    line = stream.readline()
    if not line:
        raise ConnectionError("the server has closed the connection")
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b"$":
        return None if rest == "-1" else stream.read(int(rest) + 2)[:-2].decode()
    if kind == b"*":
        return [_answer(stream) for _ in range(int(rest))]
    if kind == b"-":
        raise ConnectionError(rest)
    return int(rest) if kind == b":" else rest
