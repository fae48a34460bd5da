"""Scrapy's settings for every spider: manners first, and everything off that we do not use."""

from dataclasses import dataclass
from typing import Any

from listener import __version__
from listener.crawl.reactor import REACTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What the configuration says about pace, sizes and addresses."""

    contact: str
    delay_s: float
    timeout_s: float
    max_body_bytes: int
    deadline_s: float
    networks: tuple[str, ...]
    endpoints: tuple[str, ...]


def user_agent(contact: str) -> str:
    """Return the honest User-Agent."""
    return f"Fengsheng/{__version__} (+{contact})"


def scrapy_settings(manners: Manners) -> dict[str, Any]:
    """Return the settings of one crawler.

    Scrapy 2.19 starts a code-executing remote control and a telnet console by default, reads
    ``file://`` addresses and allows a gibibyte a body: all of that is off or lowered here.
    """
    return {
        "ADDONS": {},
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": manners.delay_s,
        "AUTOTHROTTLE_MAX_DELAY": 60.0,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0,
        "CLOSESPIDER_TIMEOUT": manners.deadline_s,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "COOKIES_ENABLED": False,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "application/atom+xml, application/rss+xml, application/json, text/xml, "
            "application/xml;q=0.9, text/html;q=0.8, */*;q=0.5",
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.6",
        },
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "listener.crawl.guards.AddressGuard": 40,
            "listener.crawl.guards.RobotsGuard": 100,
            "listener.crawl.guards.RetryGuard": 550,
        },
        "DOWNLOAD_DELAY": manners.delay_s,
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None},
        "DOWNLOAD_MAXSIZE": manners.max_body_bytes,
        "DOWNLOAD_TIMEOUT": manners.timeout_s,
        "DOWNLOAD_WARNSIZE": 0,
        "EXTENSIONS": {
            "scrapy.extensions.telnet.TelnetConsole": None,
            "scrapy.extensions.remote_control.RemoteControl": None,
            "scrapy.extensions.feedexport.FeedExporter": None,
            "scrapy.extensions.memusage.MemoryUsage": None,
            "scrapy.extensions.logstats.LogStats": None,
        },
        "GUARD_ENDPOINTS": list(manners.endpoints),
        "GUARD_NETWORKS": list(manners.networks),
        "HTTPERROR_ALLOW_ALL": True,
        "HTTPPROXY_ENABLED": False,
        "LOG_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "REDIRECT_MAX_TIMES": 5,
        "REFERER_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "RETRY_TIMES": 1,
        "RETRY_HTTP_CODES": [500, 502, 503, 504, 522, 524, 408],
        "ROBOTSTXT_OBEY": True,
        "STATS_DUMP": False,
        "TELNETCONSOLE_ENABLED": False,
        "TWISTED_REACTOR": REACTOR,
        "URLLENGTH_LIMIT": 4_000,
        "USER_AGENT": user_agent(manners.contact),
    }
