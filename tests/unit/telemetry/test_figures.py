"""Figures of the process, checked against what the process does."""

import os
import threading

from appliance.telemetry.figures import process_figures


def test_figures_follow_the_process() -> None:
    before = process_figures()
    assert 5_000_000 < before.rss_bytes < 4_000_000_000
    assert before.uptime_s >= 0
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(7)]
    ballast = bytearray(os.urandom(1024)) * 40_000
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait, args=(30,))
    thread.start()
    try:
        while process_figures().cpu_s < before.cpu_s + 0.05:
            sum(range(100_000))
        during = process_figures()
    finally:
        gate.set()
        thread.join()
        for descriptor in held:
            os.close(descriptor)
    assert during.open_fds == before.open_fds + 7
    assert during.threads == before.threads + 1
    assert during.rss_bytes > before.rss_bytes + len(ballast) // 2
    assert during.uptime_s >= before.uptime_s
