"""Waits of several threads are counted by the clock on the wall."""

from virustotal.client.usage import Usage


def test_waits_that_overlap_count_once() -> None:
    now = [0.0]
    usage = Usage(lambda: now[0])
    assert usage.waited == 0
    now[0] = 1
    with usage.waiting():
        now[0] = 2
        with usage.waiting():
            now[0] = 5
            assert usage.waited == 4  # so far
        now[0] = 6
    now[0] = 10
    assert usage.waited == 5
    with usage.waiting():
        now[0] = 11
    assert usage.waited == 6


def test_a_wait_that_ends_with_an_error_has_ended() -> None:
    now = [0.0]
    usage = Usage(lambda: now[0])
    try:
        with usage.waiting():
            now[0] = 1
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        now[0] = 5
    assert usage.waited == 1
