"""Waits of several threads are counted by the clock on the wall."""

from virustotal.client.rate_limit import Waits


def test_waits_that_overlap_count_once() -> None:
    now = [0.0]
    waits = Waits(lambda: now[0])
    assert waits.seconds == 0
    now[0] = 1
    with waits.measure():
        now[0] = 2
        with waits.measure():
            now[0] = 5
            assert waits.seconds == 4  # so far
        now[0] = 6
    now[0] = 10
    assert waits.seconds == 5
    with waits.measure():
        now[0] = 11
    assert waits.seconds == 6


def test_a_wait_that_ends_with_an_error_has_ended() -> None:
    now = [0.0]
    waits = Waits(lambda: now[0])
    try:
        with waits.measure():
            now[0] = 1
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        now[0] = 5
    assert waits.seconds == 1
