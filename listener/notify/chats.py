"""Finds and checks the chat before the service runs: who is the bot, where was it seen."""

from dataclasses import dataclass

from listener.config import Secrets, TelegramSettings
from listener.errors import ConfigError
from listener.notify.telegram import BotLine, asking, open_bot


@dataclass(frozen=True, slots=True)
class SeenChat:
    """A chat in which somebody wrote while the bot was there."""

    id: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """Somebody who wrote where the bot could read it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the bot's waiting updates tell."""

    bot: str
    chats: tuple[SeenChat, ...]
    people: tuple[SeenPerson, ...]


def _line(settings: TelegramSettings, secrets: Secrets) -> BotLine:
    if secrets.telegram_token is None:
        raise ConfigError("没有机器人令牌；请设置 FENGSHENG_TELEGRAM_TOKEN_FILE=令牌文件的路径")
    proxy = secrets.telegram_proxy
    return open_bot(
        secrets.telegram_token.get_secret_value(),
        base_url=settings.base_url,
        proxy=proxy.get_secret_value() if proxy else None,
        poll_timeout_s=0,
    )


async def look_around(settings: TelegramSettings, secrets: Secrets) -> Seen:
    """Return the bot's name and the chats and people of its waiting updates.

    Nothing is confirmed, so the service will still get them all. Raises ``Temporary``,
    ``Permanent`` or ``ConfigError``.
    """
    line = _line(settings, secrets)
    try:
        me = await asking(line.bot.get_me())
        updates = await asking(line.bot.get_updates(timeout=0))
    finally:
        await line.close()
    chats = {
        chat.id: SeenChat(chat.id, str(chat.type), chat.effective_name or "")
        for update in updates
        if (chat := update.effective_chat) is not None
    }
    people = {
        user.id: SeenPerson(user.id, user.full_name)
        for update in updates
        if (user := update.effective_user) is not None and not user.is_bot
    }
    return Seen(me.name, tuple(chats.values()), tuple(people.values()))


async def check_chat(
    settings: TelegramSettings, secrets: Secrets, *, text: str
) -> tuple[str, str]:
    """Return the names of the bot and its chat; with ``text``, say it there.

    Raises ``Temporary``, ``Permanent`` or ``ConfigError``.
    """
    line = _line(settings, secrets)
    try:
        me = await asking(line.bot.get_me())
        chat = await asking(line.bot.get_chat(settings.chat_id))
        if text:
            topic = settings.topic_id or None
            await asking(line.bot.send_message(chat.id, text, message_thread_id=topic))
    finally:
        await line.close()
    return me.name, chat.effective_name or str(chat.id)
