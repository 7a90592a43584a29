"""The scripted server of the client's tests serves as a cluster as well."""

from tests.client.conftest import server as server
