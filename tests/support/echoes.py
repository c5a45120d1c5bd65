"""Who listens on a box and who knocks; a program of its own, to be run in either network.

``serve UDP,… TCP,…``: echo packets, take connections, on every address. ``udp FROM TO PORT,… COUNT SECONDS``:
send so many packets to each port within that time, print how many come back. ``tcp FROM TO PORT,… COUNT``:
open so many connections to each port and keep them, print how many there are.
"""

import select
import socket
import sys
import time

READY = "ready"
PATIENCE_S = 0.7


def serve(udp: list[int], tcp: list[int]) -> None:
    """Until killed."""
    packets, doors = [], []
    for port in udp:
        one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        one.bind(("::", port))
        packets.append(one)
    for port in tcp:
        doors.append(
            socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1000)
        )
    print(READY, flush=True)
    kept = []
    while True:
        for one in select.select([*packets, *doors], [], [])[0]:
            if one in doors:
                kept.append(one.accept())
            else:
                data, source = one.recvfrom(2048)
                one.sendto(data, source)


def udp(here: str, there: str, ports: list[int], count: int, seconds: float) -> int:
    """Answers to packets that were sent within so many seconds."""
    with socket.socket(socket.AF_INET6 if ":" in here else socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        one.bind((here, 0))
        answers, began = 0, time.monotonic()
        for number in range(count):
            wait = began + seconds * number / count - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            for port in ports:
                one.sendto(b"knock", (there, port))
        while answers < count * len(ports) and select.select([one], [], [], PATIENCE_S)[0]:
            one.recv(2048)
            answers += 1
        return answers


def tcp(here: str, there: str, ports: list[int], count: int) -> int:
    """Connections that were made within a short time."""
    knocking = []
    for port in ports * count:
        one = socket.socket()
        one.setblocking(False)
        one.bind((here, 0))
        one.connect_ex((there, port))
        knocking.append(one)
    until, made = time.monotonic() + PATIENCE_S, 0
    while made < len(knocking) and time.monotonic() < until:
        made = len(select.select([], knocking, [], 0)[1])
        time.sleep(0.02)
    return made


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    lists = [[int(port) for port in word.split(",")] if "." not in word else [] for word in words]
    if what == "serve":
        serve(*lists)
    elif what == "udp":
        print(udp(words[0], words[1], lists[2], int(words[3]), float(words[4])))
    else:
        print(tcp(words[0], words[1], lists[2], int(words[3])))
