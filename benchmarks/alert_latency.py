"""How long the service takes from the answer that carries a burst to the accepted alert.

The poll interval is subtracted by starting the clock when the site answers, not when the post was
written. Alternative in the same run: the same burst told by one urgent text alone.
"""

import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.crash.test_kill import CHAT, CONFIG, history
from tests.fakes.service import TOKEN, ServiceProcess
from tests.fakes.site import Answer, FakeSite, SitePost
from tests.fakes.telegram import FakeTelegram

URGENT = "澜白洗地机充电时起火了，阳台都烧黑了，家里老人吸入浓烟送医院了"


def measure(kind: str) -> float:
    """Return the seconds for one fresh installation."""
    served = threading.Event()
    served_at = [0.0]
    with FakeSite() as site, FakeTelegram(token=TOKEN, chats=[CHAT]) as telegram:
        now = datetime.now(UTC)
        posts = history(now)
        quiet, burst = posts[:140], posts[140:]
        site.publish(*quiet)
        is_out = threading.Event()

        def feed(_handler: object) -> Answer:
            if is_out.is_set() and not served.is_set():
                served_at[0] = time.monotonic()
                served.set()
            return Answer(site.feed())

        site.routes["/feed.xml"] = feed
        config = CONFIG.format(telegram=telegram.url, chat=CHAT, site=site.url)
        with tempfile.TemporaryDirectory() as folder:
            service = ServiceProcess(Path(folder), config)
            service.start()
            try:
                learned = "SELECT count(*) FROM baseline"
                service.wait_until(lambda: service.query(learned) == [(1,)], 120, "baseline")
                if kind == "burst":
                    site.publish(*burst)
                else:
                    site.publish(SitePost(5000, URGENT, now - timedelta(seconds=5), "车主"))
                is_out.set()
                telegram.wait_for_message("FS-1", timeout_s=120)
                accepted_at = time.monotonic()
                served.wait(1)
                return accepted_at - served_at[0]
            finally:
                service.kill()


def main() -> None:
    """Measure both kinds three times and print the ratio of their medians."""
    medians = {}
    for kind in ("burst", "urgent text"):
        seconds = sorted(measure(kind) for _ in range(3))
        medians[kind] = seconds[1]
        sys.stdout.write(f"{kind}: {', '.join(f'{s:.2f}' for s in seconds)} s\n")
    ratio = medians["burst"] / medians["urgent text"]
    sys.stdout.write(f"a burst takes {ratio:.2f} times as long as a single urgent text\n")


if __name__ == "__main__":
    main()
