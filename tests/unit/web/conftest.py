import asyncio
import shutil

import httpx
import pytest

import watched_workspace
from holter.registry import Shelves


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The folder of a whole workspace, made once."""
    root = tmp_path_factory.mktemp("watched") / "ws"
    watched_workspace.build(root).facts.close()
    return root


@pytest.fixture(scope="session")
def shelves(built):
    """A workspace to read."""
    return Shelves.open(built)


@pytest.fixture
def own_shelves(built, tmp_path):
    """A workspace to change."""
    shutil.copytree(built, tmp_path / "ws")
    return Shelves.open(tmp_path / "ws")


@pytest.fixture
def empty_shelves(tmp_path):
    return Shelves.open(tmp_path / "empty", create=True)


class Direct(httpx.BaseTransport):
    """Calls an ASGI application without a socket; an error it does not answer is raised here."""

    def __init__(self, app):
        self._app = app

    def handle_request(self, request):
        return asyncio.run(self._answer(request))

    async def _answer(self, request):
        transport = httpx.ASGITransport(self._app)
        asked = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.read(), extensions=request.extensions
        )
        reply = await transport.handle_async_request(asked)
        raw = b"".join([part async for part in reply.stream])
        return httpx.Response(reply.status_code, headers=reply.headers, stream=httpx.ByteStream(raw))


@pytest.fixture
def browse():
    """Return a client of an application."""

    def client(app, base_url="http://127.0.0.1:8700", **options):
        return httpx.Client(transport=Direct(app), base_url=base_url, **options)

    return client
