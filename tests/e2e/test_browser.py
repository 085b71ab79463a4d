"""The dashboard in a real browser: Debian's Chromium, headless."""

import os
import shutil
import socket
import threading
import time

import pytest
import uvicorn

import watched_workspace
from holter.web import app

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = (
    "/",
    f"/deployments/{watched_workspace.DEPLOYMENT}",
    f"/deployments/{watched_workspace.DEPLOYMENT}/versions",
    "/deployments/churn-api",
    f"/monitors/{watched_workspace.MONITOR}",
    "/monitors/scores-weekly",
    "/alerts",
    f"/alerts/{watched_workspace.ALERT}",
    "/ledger",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    shelves = watched_workspace.build(tmp_path_factory.mktemp("browser") / "ws")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app(shelves), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing; install it with: apt-get install chromium")
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """Opens a page; afterwards no console message, no error and no request to another host is left over."""
    contexts, complaints = [], []

    def opened(path, *, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on("request", lambda request: request.url.startswith(address) or complaints.append(request.url))
        reply = page.goto(address + path)
        assert reply.status == 200
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_quietly_and_fits_a_telephone(visit, path):
    page = visit(path, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    visit(path, width=1280)


def test_dark_and_light_differ_in_page_and_picture(visit):
    path = f"/deployments/{watched_workspace.DEPLOYMENT}"
    colours = {
        scheme: visit(path, scheme=scheme).evaluate(
            """() => [
                getComputedStyle(document.body).backgroundColor,
                getComputedStyle(document.body).color,
                getComputedStyle(document.querySelector('.wide svg text')).fill,
            ]"""
        )
        for scheme in ("light", "dark")
    }
    assert all(light != dark for light, dark in zip(colours["light"], colours["dark"], strict=True))
    assert colours["light"][2] == "rgb(86, 97, 109)"


def test_a_telephone_gets_the_narrow_picture_with_text_one_can_read(visit):
    page = visit(f"/deployments/{watched_workspace.DEPLOYMENT}", width=390)
    assert not page.locator(".wide").first.is_visible()
    assert page.locator(".narrow").first.is_visible()
    height = page.locator(".narrow svg text").first.evaluate("node => node.getBoundingClientRect().height")
    assert height >= 10


def test_the_verdict_can_be_seen_without_scrolling(visit):
    for width in (390, 1280):
        page = visit(f"/deployments/{watched_workspace.DEPLOYMENT}", width=width)
        box = page.locator(".verdict .word").bounding_box()
        assert box["y"] < 400
        assert page.locator(".verdict .word").inner_text() == "Degrading."


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(visit):
    page = visit(f"/deployments/{watched_workspace.DEPLOYMENT}")
    seen = []
    for _ in range(14):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText.trim().split('\\n')[0]"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert seen[:5] == ["To the content", "Holter", "Overview", "Alerts", "Ledger"]
    assert "The numbers as a table" in seen


def test_the_table_of_a_picture_opens(visit):
    page = visit(f"/deployments/{watched_workspace.DEPLOYMENT}")
    page.locator("summary").first.click()
    assert page.locator("details table").first.is_visible()


def test_a_person_acknowledges_an_alert(visit):
    page = visit(f"/alerts/{watched_workspace.ALERT}")
    page.get_by_role("button", name="I am looking after it").click()
    page.wait_for_load_state()
    assert page.locator(".badge", has_text="acknowledged").is_visible()
    assert page.get_by_role("button").count() == 0
