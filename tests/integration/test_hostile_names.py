"""Names that point inside: the address is judged where the connection is made, nowhere else."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from listener.workers import child_environment
from tests.conftest import ROOT
from tests.fakes.hostile_site import HostileSite, honest_feed, redirects, says

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
# The production child with a name service of our own: each name has its answers, one a question.
CHILD = """
import json, runpy, socket, sys
answers = json.loads(sys.argv.pop(1))
def getaddrinfo(host, port, *arguments, **keywords):
    host = host.decode() if isinstance(host, bytes) else host
    known = answers.get(host)
    if not known:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    address = known.pop(0) if len(known) > 1 else known[0]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return [(family, socket.SOCK_STREAM, 6, "", (address, port or 0))]
socket.getaddrinfo = getaddrinfo
runpy.run_module("listener.crawl.child", run_name="__main__")
"""


def crawl(url, answers, **allowed):
    (done,) = crawl_all([url], answers, **allowed).values()
    return done


def crawl_all(urls, answers, *, endpoints=(), networks=()):
    manners = {
        "contact": "https://example.org/",
        "delay_s": 0.01,
        "timeout_s": 10,
        "max_body_bytes": 100_000,
        "deadline_s": 30,
        "networks": list(networks),
        "endpoints": list(endpoints),
    }
    job = {
        "now": NOW.isoformat(),
        "sources": [
            {
                "key": url,
                "spider": "feed",
                "parameters": {"url": url},
                "state": {},
                "max_pages": 3,
                "manners": manners,
            }
            for url in urls
        ],
    }
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps(answers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=child_environment() | {"PYTHONPATH": str(ROOT)},
    ) as process:
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()
        lines = [json.loads(line) for line in process.stdout]
    return {line["source"]: line["done"] for line in lines if "done" in line}


@pytest.fixture
def site():
    with HostileSite({"/feed": says(honest_feed(NOW))}) as one:
        yield one


def test_a_name_of_the_allowed_endpoint_is_reached(site):
    done = crawl(
        f"http://good.example:{site.port}/feed",
        {"good.example": ["127.0.0.1"]},
        endpoints=[site.host],
    )
    assert (done["failure"], done["items"]) == (None, 3)


def test_names_for_private_addresses_are_refused_even_beside_an_allowed_port(site):
    private = ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0", "10.0.0.7"]
    names = {f"n{number}.nip.example": [address] for number, address in enumerate(private)}
    with HostileSite() as victim:
        urls = [f"http://{name}:{victim.port}/" for name in names]
        found = crawl_all(urls, names, endpoints=[site.host])
        assert victim.connected == 0
    assert set(found) == set(urls)
    for done in found.values():
        assert done["failure"]["kind"] == "blocked"
        assert "private or reserved" in done["failure"]["detail"]


def test_a_name_that_is_pointed_elsewhere_after_the_first_answer_is_refused(site):
    try:
        victim = HostileSite(address="127.0.0.2", port=site.port).__enter__()
    except OSError:
        pytest.skip("this system has no 127.0.0.2")
    try:
        done = crawl(
            f"http://rebind.example:{site.port}/feed",
            {"rebind.example": ["127.0.0.1", "127.0.0.2"]},
            endpoints=[site.host],
        )
        assert victim.connected == 0
    finally:
        victim.__exit__()
    assert [path for path, _ in site.asked] == ["/robots.txt"]
    assert done["failure"]["kind"] == "blocked"


def test_a_redirect_to_a_name_for_a_private_address_is_refused(site):
    with HostileSite() as victim:
        target = f"http://intranet.example:{victim.port}/"
        site.behaviours["/feed"] = redirects(target.encode())
        done = crawl(
            f"{site.url}/feed", {"intranet.example": ["127.0.0.1"]}, endpoints=[site.host]
        )
        assert victim.connected == 0
    assert done["failure"]["kind"] == "blocked"


def test_networks_of_the_configuration_hold_for_names_too(site):
    done = crawl(
        f"http://own.example:{site.port}/feed",
        {"own.example": ["127.0.0.1"]},
        networks=["127.0.0.0/8"],
    )
    assert done["failure"] is None
