"""From what is wanted to what workers are told."""

import os
from dataclasses import replace

import pytest

from holter.registry import Canary, DeploymentSettings, Shelves
from holter.serving.planning import Planner, _cpus
from holter.serving.second import Beside


@pytest.fixture
def shelves(tmp_path):
    shelves = Shelves.open(tmp_path / "ws", create=True)
    model, script = tmp_path / "model.bin", tmp_path / "score.py"
    model.write_text("weights")
    script.write_text("def init(): ...\ndef run(data): ...\n")
    for _ in range(3):
        shelves.registry.register("m", model)
    return shelves


def deploy(shelves, tmp_path, **settings):
    version = shelves.registry.version("m", 1)
    given = DeploymentSettings(**settings)
    return shelves.registry.deploy(
        "api", version, entry_script=str(tmp_path / "score.py"), settings=given, overwrite=True
    )


@pytest.mark.parametrize(
    ("settings", "threads", "mebibytes"),
    [
        ({}, 1, 0),
        ({"cpu_cores": 4.0, "memory_gb": 2.0}, 4, 2048),
        ({"cpu_cores": 4, "memory_gb": 1, "workers": 2}, 2, 512),
        ({"cpu_cores": 0.5, "workers": 4}, 1, 0),
    ],
)
def test_workers_share_what_the_deployment_may_use(shelves, tmp_path, settings, threads, mebibytes):
    plan = Planner(shelves).plan(deploy(shelves, tmp_path, **settings))
    assert (plan.order.threads, plan.memory >> 20) == (threads, mebibytes)
    assert plan.workers == settings.get("workers", 1)


def test_a_deployment_with_cores_gets_as_many_processors_and_one_without_gets_all(shelves, tmp_path):
    here = range(8)
    assert _cpus(deploy(shelves, tmp_path), here) == ()
    assert _cpus(deploy(shelves, tmp_path, cpu_cores=8), here) == ()
    for cores, count in ((0.5, 1), (2, 2), (2.5, 3)):
        for port in range(20_000, 20_009):
            found = _cpus(replace(deploy(shelves, tmp_path, cpu_cores=cores), port=port), here)
            assert len(set(found)) == count
            assert set(found) <= set(here)
    one = replace(deploy(shelves, tmp_path, cpu_cores=1), port=20_000)
    assert _cpus(one, here) != _cpus(replace(one, port=20_001), here), "not all on the first"
    assert Planner(shelves).plan(one).order.cpus in [(), *[(cpu,) for cpu in os.sched_getaffinity(0)]]


def test_who_stands_beside_has_a_role_a_share_of_the_workers_and_neither_key_nor_certificate_where_none_is_asked(
    shelves, tmp_path
):
    deploy(shelves, tmp_path, workers=4, auth=True, ssl_certfile="/c.pem", ssl_keyfile="/k.pem")
    planner = Planner(shelves)
    assert planner.beside(shelves.registry.deployment("api")) == Beside()
    shelves.registry.want_canary("api", Canary(2, 30.0), actor="me", reason="")
    shelves.registry.want_shadow("api", 3, actor="me", reason="")
    entry = shelves.registry.deployment("api")
    champion, beside = planner.plan(entry), planner.beside(entry)
    assert (champion.order.role, champion.order.version, champion.workers) == ("champion", 1, 4)
    assert champion.order.ssl_certfile == "/c.pem"
    assert (beside.weight, beside.key) == (30.0, "x-holter-key")
    canary, shadow = beside.canary, beside.shadow
    assert (canary.order.role, canary.order.version, canary.workers) == ("canary", 2, 2)
    assert (canary.order.keys, canary.order.ssl_certfile) == (champion.order.keys, None)
    assert (shadow.order.role, shadow.order.version, shadow.workers) == ("shadow", 3, 1)
    assert (shadow.order.keys, shadow.order.ssl_certfile) == (None, None)
    assert shadow.order.journal == champion.order.journal
    assert shadow.order.offsets.endswith("/run/shadow/api-3")
