"""The one typed configuration: what ``config.toml`` may say, as frozen models.

Secrets never stand in the file; they come from the environment or from files (``NAME`` or
``NAME_FILE``).
"""

import ipaddress
import os
import typing
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from listener.config_parts import Key, Section, SensitivityWord
from listener.config_rules import Rule
from listener.errors import ConfigError

DEFAULT_NAME = "config.toml"
CONFIG_VARIABLE = "FENGSHENG_CONFIG"
DEMO_SITE = "{demo_site}"


class Role(StrEnum):
    """What a person may do; the matrix is in ``crisis.permissions``."""

    READER = "reader"
    OFFICER = "officer"
    LEAD = "lead"
    LEGAL = "legal"
    BUSINESS = "business"
    EXECUTIVE = "executive"
    ADMIN = "admin"


Language = Literal["zh-CN", "zh-TW", "en"]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("no such time zone; use a name such as 'Asia/Shanghai'") from error
    return name


def split_listen(text: str) -> tuple[str, int]:
    """Return host and port of ``127.0.0.1:8711`` or ``[::1]:8711``. Raises ``ValueError``."""
    host, colon, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not port.isascii() or not port.isdecimal() or int(port) > 65_535:
        raise ValueError("write an address and a port, such as '127.0.0.1:8711'; '' is off")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        raise ValueError(
            f"'{bare}' is not an IP address; write for example '127.0.0.1:8711'"
        ) from None
    if (address.version == 6) != host.startswith("["):
        raise ValueError("write an IPv6 address in brackets, such as '[::1]:8711'")
    return bare, int(port)


def _listen(text: str) -> str:
    if text:
        split_listen(text)
    return text


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


def _threshold(score: float) -> float:
    if score and not 2 < score <= 30:
        raise ValueError("must be 0, or above 2 and at most 30")
    return score


def _as_text(value: object) -> object:
    """Let TOML's true, false and numbers stand for the text that spiders read."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
Seconds = Annotated[float, Field(gt=0)]


class DemoSettings(Section):
    """The bundled demonstration. While it is on, nothing outside this machine is touched."""

    enabled: bool = Field(False, description="Play the bundled brand and its crisis.")
    port: int = Field(
        8710,
        ge=0,
        le=65535,
        description="Port of the bundled site on loopback; 0 or a taken one means any free port.",
    )
    seed: int = Field(7, ge=0, description="Another number plays other posts.")


class DatabaseSettings(Section):
    """Where everything is kept."""

    url: str = Field(
        "",
        description="SQLAlchemy address; empty means SQLite inside data_dir. "
        "A password stands in FENGSHENG_DATABASE_URL only.",
    )


class TelegramSettings(Section):
    """The chat. The bot's token comes from FENGSHENG_TELEGRAM_TOKEN or …_TOKEN_FILE."""

    chat_id: int = Field(
        0, description="Numeric id of the group that gets the alerts; 0 means no chat."
    )
    topic_id: int = Field(
        0, ge=0, description="Topic (message_thread_id) inside a forum group; 0 means none."
    )
    base_url: HttpUrl = Field(
        "https://api.telegram.org/bot",
        description="Bot API address up to and including '/bot', for a local server or relay.",
    )
    poll_timeout_s: int = Field(25, ge=0, le=50, description="Seconds one long poll may wait.")


class CrawlSettings(Section):
    """Manners and guards of every spider."""

    contact: str = Field(
        "https://example.org/fengsheng",
        min_length=3,
        description="Web or mail address in the User-Agent, so that a site can reach you.",
    )
    delay_s: Seconds = Field(
        1.0, le=3600, description="Least seconds between two requests to one host, jitter added."
    )
    timeout_s: Seconds = Field(20.0, le=180, description="Seconds one request may take.")
    max_body_bytes: int = Field(
        8_388_608, ge=10_000, le=268_435_456, description="Largest body, after decompression."
    )
    deadline_s: Seconds = Field(
        180.0, le=3600, description="Seconds one crawling child process may live."
    )
    max_pages: int = Field(60, ge=1, le=1000, description="Most pages of one source in one pass.")
    allow_networks: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), description="Private networks that spiders may reach all the same, e.g. '10.1.2.0/24'."
    )


class ScoringSettings(Section):
    """Sentiment."""

    scorer: Literal["fast", "trained", "snownlp"] = Field(
        "fast",
        description="Which scorer judges sentiment: the default one, the one that "
        "'fengsheng train' made from your labels, or SnowNLP.",
    )
    transformer: Path | None = Field(
        None,
        description="Folder of a text classifier of your own in ONNX, relative to this file; "
        "judges the texts that the scorer is unsure of. Nothing is downloaded.",
    )
    unsure_below: float = Field(
        0.75,
        ge=0,
        le=1,
        description="The transformer is asked where the most likely class has less than this.",
    )


class DetectionSettings(Section):
    """When a rise becomes an alert."""

    sensitivity: SensitivityWord = Field(
        "normal",
        description="low 较少: fewer alerts; normal 均衡; high 较多: earlier and more.",
    )
    groups: dict[Key, SensitivityWord] = Field(
        default_factory=dict,
        description='Other sensitivity for the series of a source group, e.g. { forum = "high" }; '
        "low if not named.",
    )
    on_score: Annotated[float, AfterValidator(_threshold)] = Field(
        0.0,
        description="Own threshold instead of the sensitivity's, above 2; 0 means none. "
        "'fengsheng backtest --sweep' suggests one.",
    )
    calendar: Literal["cn", "none"] = Field(
        "cn",
        description="Built-in days off and shopping festivals: mainland China, or none.",
    )
    history_days: int = Field(
        35, ge=7, le=400, description="Days of buckets a rebuilt baseline is learned from."
    )


class AlertSettings(Section):
    """How often people hear of the same thing."""

    mute_minutes: int = Field(
        60,
        ge=5,
        le=1440,
        description="Minutes the mute button silences a brand's repeats; a rise still comes.",
    )
    refresh_s: Seconds = Field(
        60.0,
        le=3600,
        description="Least seconds between two edits of one alert while its figures move.",
    )
    remind_hours: float = Field(
        4.0,
        ge=0,
        le=168,
        description="Least hours between two reminders while a rise goes on; 0 means none.",
    )
    chart_theme: Literal["light", "dark"] = Field(
        "light", description="Colours of the charts in the chat: dark suits a dark chat."
    )
    approval_hours: float = Field(
        4.0,
        ge=0.25,
        le=72,
        description="Hours an approval holds until the chain is complete and the text published.",
    )


class ClockSettings(Section):
    """How soon the first statement has to be out, from the first post on."""

    first_statement_urgent_hours: float = Field(
        1.0, ge=0.25, le=168, description="Hours for an urgent incident."
    )
    first_statement_serious_hours: float = Field(
        4.0, ge=0.25, le=168, description="Hours for a serious incident."
    )
    first_statement_general_hours: float = Field(
        24.0, ge=0.25, le=720, description="Hours for a general incident."
    )


class Campaign(Section):
    """A campaign that was planned: more mentions than usual are no news while it lasts."""

    name: str = Field(min_length=1, max_length=40, description="Name shown in alerts.")
    start: datetime | date = Field(description="First day or minute, local time.")
    end: datetime | date = Field(description="Last day, or the minute it is over.")
    brands: tuple[Key, ...] = Field((), description="Keys of its brands; empty means all.")
    volume_factor: float = Field(
        3.0,
        ge=1,
        le=100,
        description="How many times the usual volume is no news; negative mentions still are.",
    )
    repeats_yearly: bool = Field(False, description="true: the same days every year.")


class PrivacySettings(Section):
    """Personal data."""

    keep_author_names: bool = Field(
        False,
        description="Keep display names of private authors; verified accounts are always named.",
    )
    keep_mentions_days: int = Field(
        400,
        ge=60,
        le=36_500,
        description="Days a mention's text is kept; what an incident quotes stays longer.",
    )
    keep_updates_days: int = Field(
        30, ge=7, le=3650, description="Days the ids of handled chat updates are kept."
    )
    keep_messages_days: int = Field(
        400, ge=30, le=36_500, description="Days sent and dropped messages and charts are kept."
    )
    keep_audit_days: int = Field(
        1_095,
        ge=180,
        le=36_500,
        description="Days the audit trail is kept; half a year at least, as the law asks.",
    )


class OperationSettings(Section):
    """Watching, stopping and tidying the service."""

    listen: Annotated[str, AfterValidator(_listen)] = Field(
        "127.0.0.1:8711",
        description="Where /healthz and /metrics answer; '' is off, port 0 any free one.",
    )
    allow_remote: bool = Field(
        False, description="Let 'listen' name an address that other machines can reach."
    )
    host_names: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")], ...] = Field(
        (), description="Names by which monitors may ask, besides localhost and IP addresses."
    )
    stop_within_s: Seconds = Field(
        20.0, ge=1, le=600, description="Seconds stopping may take before it is forced."
    )
    keep_story_bands_days: int = Field(
        30, ge=1, le=3650, description="Days a story takes in near-duplicates, not only equals."
    )


def _service_address(text: str) -> str:
    """Allow https anywhere, plain http only where nobody else can listen."""
    if not text:
        return text
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
        raise ValueError("must be an address such as http://127.0.0.1:11434/v1")
    if parts.scheme == "http" and not _is_near(host):
        raise ValueError("plain http is allowed to this machine and private networks only")
    return text


def _is_near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost"


class WritingHelp(Section):
    """An optional language service that rephrases drafts; it never sees a fact."""

    endpoint: Annotated[str, AfterValidator(_service_address)] = Field(
        "",
        description="Address before /chat/completions, e.g. 'http://127.0.0.1:11434/v1'; '' is "
        "off. Its key, if it needs one, is FENGSHENG_WRITING_KEY.",
    )
    model: str = Field("", max_length=120, description="Name of the model the service knows.")
    timeout_s: Seconds = Field(60.0, ge=1, le=600, description="Seconds to wait for an answer.")

    @model_validator(mode="after")
    def _needs_a_model(self) -> typing.Self:
        if self.endpoint and not self.model:
            raise ValueError("an endpoint needs a model; name the one the service should use")
        return self


class Person(Section):
    """Somebody who may act, known by numeric Telegram id and role, never by user name."""

    key: Key = Field(description="Short name for 'approve --as KEY'.")
    name: str = Field(min_length=1, max_length=40, description="Name shown in the record.")
    roles: tuple[Role, ...] = Field(min_length=1, description="What the person may do.")
    deputy_for: tuple[Literal["lead", "legal", "business", "executive"], ...] = Field(
        (), description="Roles the person may sign for in an approval chain, shown as deputy."
    )
    telegram_id: int | None = Field(
        None, gt=0, description="Numeric Telegram id; absent for people who only use the terminal."
    )


class MatchingSettings(Section):
    """How texts are matched to brands."""

    regular_expressions: bool = Field(
        False, description="Allow /…/ in queries; patterns that could take long are refused."
    )


class Query(Section):
    """A query beside the lists of words: an expression, or every 'must', one 'any', no 'not'."""

    expression: str = Field(
        "",
        max_length=10_000,
        description='The query in the language of queries.md; query = "…" is short for it.',
    )
    must: tuple[str, ...] = Field((), description="All of these have to occur.")
    any: tuple[str, ...] = Field((), description="At least one of these has to occur.")
    none: tuple[str, ...] = Field((), alias="not", description="None of these may occur.")


def _expression(value: object) -> object:
    return {"expression": value} if isinstance(value, str) else value


class FactDefault(Section):
    """A fact that holds for every statement of a brand, with where it comes from."""

    state: Literal["known", "unknown"] = Field(
        "known", description="'unknown' makes the text say that it is being checked."
    )
    value: str = Field("", max_length=400, description="The words that go into the text.")
    source: str = Field("config.toml", max_length=200, description="Who or what vouches for it.")
    only: tuple[Annotated[str, Field(pattern=r"^C(0[1-9]|1[0-2])$")], ...] = Field(
        (), description='Crisis types it holds for, e.g. ["C04"]; empty means all.'
    )


class Product(Section):
    """A product line, as statements name it and as people write it."""

    name: str = Field(
        min_length=1, max_length=60, description="Name as a statement would write it."
    )
    terms: tuple[str, ...] = Field(min_length=1, description="Words that mean it in a text.")
    decides: bool = Field(
        False, description="true: each of its terms is unmistakable, so it alone means the brand."
    )


def _decisive(value: object) -> object:
    """Read ``products = ["…"]`` of a brand file: words that alone mean the brand."""
    if isinstance(value, str):
        return {"name": value, "terms": (value,), "decides": True}
    return value


Words = tuple[Annotated[str, Field(min_length=1, max_length=200)], ...]


class Brand(Section):
    """A brand, a competitor or a topic that is watched."""

    key: Key = Field(description="Short stable name.")
    name: str = Field(min_length=1, max_length=60, description="Name shown to people.")
    sensitivity: SensitivityWord | None = Field(
        None, description="Other sensitivity than detection's for this brand as a whole."
    )
    names: Words = Field(
        (), description="Its names; one that is also an ordinary word needs context or traps."
    )
    aliases: Words = Field(
        (), description="Unmistakable words, @handles and #topics#: each alone means the brand."
    )
    people: Words = Field((), description="Executives and spokespeople: each means the brand.")
    context: Words = Field(
        (), description="Words that make a bare name the brand; empty: the name always is."
    )
    traps: Words = Field((), description="Words that make a name something else.")
    exclude: Words = Field((), description="Words that rule a text out, whatever else it says.")
    events: Words = Field((), description="Events that the hits show; they decide nothing.")
    regions: Words = Field((), description="Regions that the hits show; they decide nothing.")
    query: Annotated[Query, BeforeValidator(_expression)] = Field(
        Query(), description="Which texts mean the brand, beside the words above."
    )
    products: tuple[Annotated[Product, BeforeValidator(_decisive)], ...] = Field(
        (), description="Product lines to recognise; the first whose term occurs counts."
    )
    facts: dict[Key, FactDefault] = Field(
        default_factory=dict, description="Facts that every statement may use."
    )


class Source(Section):
    """One place to listen to."""

    brand: Key | None = Field(
        None,
        description="Every text of this source means this brand: its own app, shop or channel.",
    )

    key: Key = Field(description="Short stable name; renaming it makes a new source.")
    name: str = Field(min_length=1, max_length=60, description="Name shown to people.")
    spider: Key = Field(description="Which spider reads it; see 'fengsheng sources --spiders'.")
    group: Key = Field(
        "other", description="Group in charts and blind spots: news, forum, reviews, own …"
    )
    kind: Literal["people", "regulator", "media", "hotlist"] = Field(
        "people",
        description="Who speaks there; regulators, mainstream media and hot lists alarm at once.",
    )
    interval_s: int = Field(300, ge=10, le=86_400, description="Seconds between two passes.")
    delay_s: Seconds | None = Field(
        None, le=3600, description="Other pace than crawl.delay_s for this source."
    )
    enabled: bool = Field(
        True, description="false keeps the source and its history but does not visit it."
    )
    parameters: dict[str, Annotated[str, BeforeValidator(_as_text)]] = Field(
        default_factory=dict, description="What the spider needs, e.g. url."
    )


class ImportProfile(Section):
    """How files of one kind are imported: ``fengsheng import --profile NAME``."""

    source: Key | None = Field(None, description="Key of the source that the rows belong to.")
    name: str = Field("", max_length=60, description="Name of that source shown to people.")
    group: Key = Field("own", description="Group of that source in charts.")
    brand: Key | None = Field(None, description="Every row means this brand.")
    map: dict[str, str] = Field(
        default_factory=dict, description="Column of each field, as with --map."
    )
    timezone: str = Field(
        "", description="Zone of times without one; the configured one if empty."
    )
    encoding: str = Field("", description="Encoding of the file; detected if empty.")
    delimiter: str = Field("", description="Delimiter of the columns; detected if empty.")
    kind: str = Field("", description="What the rows are: post, comment, review, complaint …")


class Config(Section):
    """The whole file."""

    language: Language = Field("zh-CN", description="Language of chat messages and statements.")
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        "Asia/Shanghai", description="Zone of every time shown and of the daily rhythm."
    )
    data_dir: Path = Field(
        Path("var"), description="Folder for database, charts and keys, relative to this file."
    )
    templates_dir: Path | None = Field(
        None,
        description="Folder of your own statement templates (`statements`) and `playbooks`, laid "
        "over the bundled ones; relative to this file.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level that is logged."
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        description="On standard error: text shows warnings to people, json every event to a "
        "collector. The file in data_dir is always JSON.",
    )
    demo: DemoSettings = DemoSettings()
    database: DatabaseSettings = DatabaseSettings()
    telegram: TelegramSettings = TelegramSettings()
    crawl: CrawlSettings = CrawlSettings()
    matching: MatchingSettings = MatchingSettings()
    scoring: ScoringSettings = ScoringSettings()
    detection: DetectionSettings = DetectionSettings()
    alerts: AlertSettings = AlertSettings()
    clocks: ClockSettings = ClockSettings()
    privacy: PrivacySettings = PrivacySettings()
    operation: OperationSettings = OperationSettings()
    writing_help: WritingHelp = WritingHelp()
    people: tuple[Person, ...] = ()
    brands: tuple[Brand, ...] = ()
    sources: tuple[Source, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    rules: tuple[Rule, ...] = ()
    imports: dict[Key, ImportProfile] = Field(
        default_factory=dict, alias="import", description="Saved ways to import files."
    )

    @property
    def tz(self) -> ZoneInfo:
        """The zone of every time shown."""
        return ZoneInfo(self.timezone)


# The token of the API is a password that a machine tries: 24 characters cannot be guessed.
LEAST_TOKEN_CHARS = 24


class Secrets(BaseSettings):
    """What must not stand in a shared file: read from the environment or ``NAME_FILE``."""

    model_config = SettingsConfigDict(env_prefix="FENGSHENG_", frozen=True, extra="ignore")

    telegram_token: SecretStr | None = None
    telegram_proxy: SecretStr | None = None
    database_url: SecretStr | None = None
    writing_key: SecretStr | None = None
    api_token: SecretStr | None = None


def load_secrets(environ: typing.Mapping[str, str] | None = None) -> Secrets:
    """Read the secrets. ``FENGSHENG_X_FILE`` names a file whose stripped content is the value.

    Raises ``ConfigError`` when such a file cannot be read, both forms are given, or the API's
    token is short.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, SecretStr] = {}
    for field in Secrets.model_fields:
        name = f"FENGSHENG_{field.upper()}"
        direct, file_name = environ.get(name, ""), environ.get(f"{name}_FILE", "")
        if direct and file_name:
            raise ConfigError(f"both {name} and {name}_FILE are set; keep one of them")
        if file_name:
            try:
                direct = Path(file_name).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    f"{name}_FILE names '{file_name}', which cannot be read "
                    f"({type(error).__name__}); give the path of a readable text file"
                ) from None
        if field == "api_token" and 0 < len(direct) < LEAST_TOKEN_CHARS:
            raise ConfigError(
                f"{name} must have at least {LEAST_TOKEN_CHARS} characters, so that nobody guesses"
                " it; make one with 'openssl rand -hex 32'"
            )
        if direct:
            values[field] = SecretStr(direct)
    return Secrets.model_construct(
        None, **{name: values.get(name) for name in Secrets.model_fields}
    )


def hidden_values(secrets: Secrets) -> list[str]:
    """Return every secret value that is set, for whoever has to keep them out of sight."""
    values = [getattr(secrets, name) for name in Secrets.model_fields]
    return [value.get_secret_value() for value in values if value is not None]
