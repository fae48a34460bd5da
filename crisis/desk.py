"""What the response side works with: who is reached, who may act, words, templates, brands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from crisis.library import StatementLibrary
from crisis.messages import Catalog
from crisis.playbooks import PlaybookLibrary
from crisis.policy import Audience
from listener.campaigns import NO_CALENDAR, Calendar
from listener.complaints import Severity
from listener.config import Brand, Person

# The golden hours: from the first post to the first statement that people have recorded.
FIRST_STATEMENT_WITHIN: Mapping[Severity, timedelta] = {
    Severity.URGENT: timedelta(hours=1),
    Severity.SERIOUS: timedelta(hours=4),
    Severity.GENERAL: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything about this team that use-cases need and that does not change while running."""

    audience: Audience
    brands: Mapping[int, Brand]
    people: tuple[Person, ...]
    catalog: Catalog
    library: StatementLibrary
    playbooks: PlaybookLibrary
    lang: str
    tz: ZoneInfo
    mute_for: timedelta
    refresh_every: timedelta
    approval_for: timedelta
    remind_every: timedelta = timedelta(0)
    calendar: Calendar = NO_CALENDAR
    first_statement_within: Mapping[Severity, timedelta] = field(
        default_factory=lambda: FIRST_STATEMENT_WITHIN
    )
    chart_theme: str = "light"

    def name_of(self, key: str | None) -> str:
        """Return the display name behind a person's key, or the key itself."""
        if key is None:
            return self.catalog.words["nobody"]
        for person in self.people:
            if person.key == key:
                return person.name
        return self.catalog.words.get(key, key)
