"""Who may come in: host, origin, token; and the headers of every reply."""

from datetime import UTC, datetime

import pytest

from holter.registry import Settings
from holter.store.kept import Job, JobState
from holter.web import app
from holter.web.guard import POLICY, is_loopback
from watched_workspace import ALERT, DEPLOYMENT, MONITOR

TOKEN = "t0ken"
NOW = datetime(2026, 5, 4, tzinfo=UTC)
HERE = "http://127.0.0.1:8700"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def client(shelves, browse):
    return browse(app(shelves, TOKEN))


@pytest.fixture
def private(own_shelves, browse):
    """A dashboard that other machines can reach."""
    own_shelves.settings = Settings(host="0.0.0.0", token=TOKEN, base_url="https://h.example.com")
    return browse(app(own_shelves), base_url="https://h.example.com", follow_redirects=False)


@pytest.mark.parametrize("path", ["/", "/static/holter.css", "/api/alerts", "/nothing", "/healthz"])
def test_every_reply_carries_the_policy(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_only_the_sheet_is_kept_by_browsers(client):
    assert "immutable" in client.get("/static/holter.css").headers["cache-control"]
    assert "immutable" in client.get("/static/icon.svg").headers["cache-control"]
    assert client.get("/").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.evil.example.com", "", "evil.example.com:8700", "[::"])
def test_a_host_name_that_is_not_ours_is_refused(client, host):
    assert client.get("/", headers={"Host": host}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "LOCALHOST:8700", "[::1]:8700"])
def test_this_machine_s_own_names_are_ours(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
@pytest.mark.parametrize("path", [f"/api/alerts/{ALERT}/acknowledge", f"/api/deployments/{DEPLOYMENT}/labels"])
def test_changes_need_the_token(client, path, headers):
    reply = client.post(path, json=[], headers=headers)
    assert reply.status_code == 401
    assert "Bearer" in reply.json()["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_changes_from_another_page_are_refused_even_with_the_token(client, headers):
    reply = client.post(f"/api/alerts/{ALERT}/acknowledge", headers=BEARER | headers)
    assert reply.status_code == 403


def test_changes_from_our_own_page_or_a_program_are_heard(client):
    for headers in ({"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, {}):
        reply = client.post("/api/alerts/none/acknowledge", headers=BEARER | headers)
        assert reply.status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing(client, method):
    assert client.request(method, f"/api/alerts/{ALERT}", headers=BEARER).status_code == 405
    assert client.request(method, f"/api/alerts/{ALERT}").status_code == 401


def test_a_dashboard_others_can_reach_shows_nothing_without_the_token(private):
    assert private.get("/api/alerts").status_code == 401
    assert private.get("/metrics").status_code == 401
    reply = private.get("/", headers={"Accept": "text/html"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/sign-in")
    assert private.get("/api/alerts", headers=BEARER).status_code == 200
    assert private.get("/healthz").status_code == 200
    assert private.get("/static/holter.css").status_code == 200


def test_signing_in_opens_the_pages_but_no_change_of_the_api(private):
    assert 'type="password"' in private.get("/sign-in").text
    assert private.post("/sign-in", data={"token": "wrong"}).status_code == 403
    assert private.get("/").status_code == 401
    reply = private.post("/sign-in", data={"token": TOKEN})
    assert reply.status_code == 303
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" in cookie
    assert TOKEN not in cookie
    assert private.get("/").status_code == 200
    assert private.post(f"/api/alerts/{ALERT}/acknowledge").status_code == 401


def test_a_forged_session_opens_nothing(private):
    private.cookies.set("holter_session", "0" * 64)
    assert private.get("/").status_code == 401


def test_the_form_of_an_alert_works_once_it_carries_its_own_token(own_shelves, browse):
    client = browse(app(own_shelves, TOKEN), follow_redirects=False)
    page = client.get(f"/alerts/{ALERT}").text
    token = page.split('name="token" value="')[1].split('"')[0]
    assert token != TOKEN
    for wrong in ({}, {"token": TOKEN}, {"token": "é"}):
        reply = client.post(f"/alerts/{ALERT}/acknowledge", data=wrong, headers={"Accept": "text/html"})
        assert reply.status_code == 422
        assert "load the page again" in reply.text
    other = client.post("/alerts/alert-old/acknowledge", data={"token": token})
    assert other.status_code == 422
    reply = client.post(f"/alerts/{ALERT}/acknowledge", data={"token": token}, headers={"Origin": HERE})
    assert (reply.status_code, reply.headers["location"]) == (303, f"/alerts/{ALERT}")
    assert own_shelves.facts.alert(ALERT).state == "acknowledged"


@pytest.mark.parametrize(
    ("host", "own"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("h.example", False)]
)
def test_which_addresses_are_this_machine_s(host, own):
    assert is_loopback(host) is own


def test_the_token_is_made_once_and_only_its_owner_may_read_it(own_shelves):
    from holter.web.secret import secret_of

    first = secret_of(own_shelves)
    path = own_shelves.root / "run" / "token"
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret_of(own_shelves) == first
    assert first.token == path.read_text()
    assert len(first.token) >= 40


def test_importing_holter_loads_no_web_framework():
    import subprocess
    import sys

    code = "import holter, holter.web, sys; print([m for m in ('fastapi', 'starlette', 'jinja2') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_no_other_name_hides_in_the_room():
    import holter.web

    with pytest.raises(AttributeError):
        _ = holter.web.nothing


def test_an_alert_is_silenced_and_heard_again_by_forms_with_tokens_of_their_own(own_shelves, browse):
    client = browse(app(own_shelves, TOKEN), follow_redirects=False)
    page = client.get(f"/alerts/{ALERT}").text
    token = page.split(f'action="/alerts/{ALERT}/silence"')[1].split('value="')[1].split('"')[0]
    asked = {"lasting": "4h", "reason": "<b>known</b>"}
    assert client.post(f"/alerts/{ALERT}/silence", data=asked).status_code == 422
    assert client.post(f"/alerts/{ALERT}/silence", data=asked | {"token": token}).status_code == 303
    (silence,) = own_shelves.facts.silences()
    assert (silence.rule, silence.actor) == ("auc-low", "dashboard")
    assert "&lt;b&gt;known" in client.get(f"/alerts/{ALERT}").text
    page = client.get("/alerts").text
    assert "&lt;b&gt;known" in page
    path = f"/alerts/silences/{silence.id}/end"
    token = page.split(f'action="{path}"')[1].split('value="')[1].split('"')[0]
    assert client.post(path, data={"token": "other"}).status_code == 422
    assert client.post(path, data={"token": token}).status_code == 303
    assert "Silenced" not in client.get("/alerts").text


def test_an_answer_is_approved_by_a_form_with_a_token_of_its_own(own_shelves, browse):
    with own_shelves.facts.begin() as transaction:
        transaction.ask(Job("wait-1", ALERT, MONITOR, DEPLOYMENT, "rollback", {"approval": "required"}, NOW))
        transaction.move_job("wait-1", JobState.WAITING, {"until": "2099-01-01T00:00:00+00:00"})
    client = browse(app(own_shelves, TOKEN), follow_redirects=False)
    path = f"/alerts/{ALERT}/answers/wait-1/approve"
    token = client.get(f"/alerts/{ALERT}").text.split(f'action="{path}"')[1].split('value="')[1].split('"')[0]
    assert client.post(path, data={"token": "other"}).status_code == 422
    assert client.post(path.replace("approve", "refuse"), data={"token": token}).status_code == 422
    assert client.post(path, data={"token": token}).status_code == 303
    job = next(each for each in own_shelves.facts.jobs() if each.key == "wait-1")
    assert (job.state, job.result["approved_by"]) == (JobState.WANTED, "dashboard")
    assert "Approve it" not in client.get(f"/alerts/{ALERT}").text
