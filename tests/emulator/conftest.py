"""One emulator for each test module, as new before each test, and short ways to ask it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from virustotal.emulator.server import Emulator
from virustotal.emulator.world.shared import EICAR_SHA256

KEYS = {
    "public": "public:minute=1000",
    "premium": "premium",
    "gti": "gti",
    "bare": "premium:-artefacts",
    "slow": "public",
}
FILE = f"/files/{EICAR_SHA256}"


class Api:
    """The emulator as a client sees it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.session = requests.Session()
        self.session.trust_env = False

    def send(self, method: str, path: str, key: str | None = "premium", **options: Any) -> requests.Response:
        """Send one request below ``/api/v3``, or to a full address."""
        headers = {**({"x-apikey": key} if key else {}), **options.pop("headers", {})}
        url = path if path.startswith("http") else f"{self.emulator.url}/api/v3{path}"
        options.setdefault("allow_redirects", False)
        return self.session.request(method, url, headers=headers, timeout=20, **options)

    def get(self, path: str, key: str | None = "premium", **options: Any) -> requests.Response:
        """GET one path."""
        return self.send("GET", path, key, **options)

    def json(self, path: str, key: str | None = "premium", **options: Any) -> Any:
        """GET one path that must answer 200, and return its JSON."""
        answer = self.get(path, key, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, path: str, key: str | None = "premium", method: str = "GET", **options: Any) -> tuple[int, str]:
        """Send one request that must fail, and return status and code."""
        answer = self.send(method, path, key, **options)
        return answer.status_code, answer.json()["error"]["code"]

    def upload(
        self, content: bytes, name: str = "sample.bin", key: str = "premium", **fields: str
    ) -> requests.Response:
        """Post one file to ``/files``."""
        return self.send("POST", "/files", key, files={"file": (name, content)}, data=fields)

    def poll(self, identifier: str, times: int, key: str = "premium") -> list[str]:
        """Return the statuses of an analysis, asked that many times."""
        path = f"/analyses/{identifier}"
        return [self.json(path, key)["data"]["attributes"]["status"] for _ in range(times)]


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    """An emulator of the invented world, with a second key of each kind."""
    with Emulator(keys=KEYS) as emulator:
        yield emulator


@pytest.fixture
def api(running: Emulator) -> Iterator[Api]:
    """The emulator of the module, as constructed."""
    running.clear()
    client = Api(running)
    yield client
    client.session.close()
