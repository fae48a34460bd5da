"""All rules of the configuration at work, each kind judged by the module that knows it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine

from listener.notice import NoticeSettings
from listener.rule_notice import RuleNoticer, end_removed
from listener.rule_upkeep import UpkeepNoticer
from listener.rules import AlertRule
from listener.store.engine import unit_of_work


class RuleWatch:
    """Judges every rule; what a rule has found that is gone is ended at the first tick."""

    def __init__(self, rules: Sequence[AlertRule], settings: NoticeSettings) -> None:
        """Start with nothing looked at."""
        self._rules = rules
        self._brands = RuleNoticer(rules, settings)
        self._upkeep = UpkeepNoticer(rules)
        self._is_fresh = True

    def tick(self, engine: Engine, brands: Mapping[int, str], now: datetime) -> int:
        """Judge what is due; return how many rules were judged or met. ``brands``: keys by id."""
        if self._is_fresh:
            with unit_of_work(engine) as session:
                end_removed(session, self._rules, now)
            self._is_fresh = False
        judged = self._brands.tick(engine, brands, now)
        return judged + self._upkeep.tick(engine, brands, now)
