"""A stream that breaks: each retry resumes after the last event that arrived."""

import rebackoff


class Source:
    """A log of events whose connection breaks after every second event."""

    def __init__(self, events):
        self.events = events

    def read(self, after):
        for position in range(after, len(self.events)):
            if position == after + 2:
                raise ConnectionResetError(f"before event {position}")
            yield self.events[position]


class Reader:
    """Hands each event to `handle` once, across broken connections."""

    def __init__(self, source, handle):
        self.source, self.handle, self.position = source, handle, 0

    # a connection that delivered for `reset_after` seconds makes the next failure a first one
    @rebackoff.on_exception(
        rebackoff.expo, ConnectionError, factor=0.01, max_tries=5, reset_after=60
    )
    def run(self):
        for event in self.source.read(self.position):
            self.handle(event)
            self.position += 1


def main():
    events = []
    Reader(Source(["a", "b", "c", "d", "e"]), events.append).run()
    print(events)


if __name__ == "__main__":
    main()
