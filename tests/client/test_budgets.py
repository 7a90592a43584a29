"""What the quota is spent on: subjects before relationships, and what the cache holds before all."""

import sqlite3
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.client.links import Fake, soon
from tests.client.test_rate_limit import DIGEST, FILE, KEY, quotas, server
from virustotal.api import endpoints
from virustotal.api.source import Request
from virustotal.client.cache import Cache
from virustotal.client.provenance import ProvenanceSource
from virustotal.client.rate_limit import RateLimitedSource
from virustotal.core.errors import ConfigurationError, QuotaError
from virustotal.core.models import Ref
from virustotal.core.settings import QuotaConfig
from virustotal.core.settings.service_config import service_settings
from virustotal.storage import Stores, in_file
from virustotal.storage.sqlite_store import SQLiteFile

SUBJECT = evolve(FILE, is_subject=True)
PAGE = endpoints.relationship_page(Ref("file", "a" * 64), "contacted_ips")


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return in_file(tmp_path / "store.sqlite3", 2**20)


def limited(stores: Stores, told: Mapping[str, Any], **config: float) -> RateLimitedSource:
    source = RateLimitedSource(Fake(server(told)), stores, KEY, DIGEST, QuotaConfig(**config))  # type: ignore[arg-type]
    source.remaining(soon())
    return source


def answered(source: Any, request: Request, times: int, seconds: float = 30.0) -> int:
    count = 0
    for _ in range(times):
        try:
            source.ask(request, soon(seconds))
            count += 1
        except QuotaError:
            continue
    return count


def test_relationships_stop_before_the_reserve_and_subjects_do_not(stores: Stores) -> None:
    """100 a day, half of them reserved: 20 analysed subjects with five relationships each, then 61 plain ones."""
    source = limited(stores, quotas(None, (100, 0)), reserve=0.5)
    analysed = relationships = 0
    for _ in range(20):
        analysed += answered(source, SUBJECT, 1)
        relationships += answered(source, PAGE, 5)
    plain = answered(source, SUBJECT, 61)
    assert (analysed, relationships <= 50, plain >= 39) == (20, True, True)
    assert analysed + relationships + plain == 100


def test_what_is_left_is_told_with_and_without_the_reserve(stores: Stores) -> None:
    source = limited(stores, quotas(None, (100, 40)), reserve=0.5)
    assert source.remaining(soon()).requests == 10
    assert "but for the reserve" in source.remaining(soon()).reason
    assert source.remaining(soon(), for_subject=True).requests == 60


def test_a_task_of_low_priority_leaves_the_reserve_to_others(stores: Stores) -> None:
    source = limited(stores, quotas(None, (10, 0)), reserve=0.5)
    low = ProvenanceSource(source, low_priority=True)
    assert answered(low, SUBJECT, 8) == 5
    with pytest.raises(QuotaError, match=r"used up but for the reserve \(quota\.reserve\), until"):
        low.ask(SUBJECT, soon())
    assert low.remaining(soon(), for_subject=True).requests == 0
    assert answered(ProvenanceSource(source), SUBJECT, 8) == 5


@pytest.mark.parametrize(("max_wait", "seconds"), [(0, 0.0), (1, 0.0)])
def test_a_task_waits_for_the_minute_no_longer_than_configured(stores: Stores, max_wait: float, seconds: float) -> None:
    source = limited(stores, quotas((60, 0)), max_wait=max_wait)
    source.ask(SUBJECT, soon())
    began = time.monotonic()
    with pytest.raises(QuotaError, match="1 request a minute is used up, until"):
        source.ask(SUBJECT, soon(300))
    assert time.monotonic() - began < 10
    assert source.usage.waited == seconds


def test_what_the_cache_holds_is_answered_while_others_wait(stores: Stores) -> None:
    source = limited(stores, quotas((180, 0)))
    cache = Cache(source, stores, DIGEST, seconds=100, negative=50)
    held = endpoints.relationship_page(Ref("file", "a" * 64), "contacted_urls")
    source._source.say = lambda request: {"data": []}  # type: ignore[attr-defined]
    for request in (held, PAGE):
        cache.ask(request, soon())
    others = [endpoints.relationship_page(Ref("file", "b" * 64), name) for name in ("votes", "comments", "itw_urls")]
    cache.ask(others[0], soon())
    waiting, ended = threading.Barrier(3), threading.Event()

    def wait(_seconds: float) -> None:
        waiting.wait(30)
        ended.wait(30)
        raise QuotaError("the wait ends")

    source._sleep = wait
    threads = [threading.Thread(target=answered, args=(cache, request, 1, 300)) for request in others[1:]]
    for thread in threads:
        thread.start()
    waiting.wait(30)
    assert {cache.ask(held, soon()).origin for _ in range(3)} == {"cache"}
    ended.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "config", [{"reserve": 1.01}, {"reserve": -0.1}, {"reserve": "much"}, {"reserve": True}, {"max_wait": -1}]
)
def test_wrong_budgets_stop_the_service(config: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"quota.{next(iter(config))}"):
        service_settings({"quota": config})


def test_the_cheapest_request_writes_four_times(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lease, permit, answer with the end of the lease; and what VirusTotal says of the key."""
    stores.values.get("", "")  # makes the file
    statements: list[str] = []
    opened = SQLiteFile._opened

    def traced(file: SQLiteFile) -> sqlite3.Connection:
        connection = opened(file)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(SQLiteFile, "_opened", traced)
    stores.close()
    found = {"data": {"type": "file", "id": "a" * 64, "attributes": {"last_analysis_date": 1}}}
    source = RateLimitedSource(Fake(server(quotas((240, 0)))), stores, KEY, DIGEST, QuotaConfig())
    source._source.say = lambda request: (  # type: ignore[attr-defined]
        found if request.path.startswith("/files/") else server(quotas((240, 0)))(request)
    )
    cache = Cache(source, stores, DIGEST, seconds=100, negative=50)
    cache.ask(SUBJECT, soon())
    source._account._join(soon())
    writes = [text for text in statements if text.startswith(("BEGIN", "INSERT", "DELETE", "UPDATE"))]
    outside = [text for text in writes if not text.startswith("BEGIN")]
    assert sum(text.startswith("BEGIN") for text in writes) <= 4
    assert len(outside) >= 4
    assert cache.holds(SUBJECT)
