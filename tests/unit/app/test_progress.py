"""A driver that hangs gets the core restarted, but not while somebody talks."""

from appliance.app.progress import STUCK_S, Progress


def test_a_stuck_driver_is_restarted_when_nobody_talks() -> None:
    now = [100.0]
    turned = {"gsm-1-1": 100.0, "fxs-a": 100.0}
    progress = Progress(lambda: turned, lambda: now[0])
    assert progress.alive(0)
    now[0] += STUCK_S
    assert progress.alive(0)
    turned["fxs-a"] = now[0]
    now[0] += 1
    assert progress.alive(3), "somebody talks"
    assert not progress.alive(0)
    turned["gsm-1-1"] = now[0]
    assert progress.alive(0)
    del turned["gsm-1-1"]
    now[0] += 1
    assert progress.alive(0)
