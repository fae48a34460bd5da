"""Asks the questions of ``fengsheng init``; every answer is kept at once."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from listener.config import Config, Person, Product, Role, Secrets, TelegramSettings
from listener.errors import ConfigError, ListenerError
from listener.notify.chats import look_around
from listener.setup.answers import Answers, BrandAnswers, save_answers

_SEPARATORS = re.compile(r"[,，、;；]\s*")
_PROPOSED = (
    ("admin", "管理员（负责配置，也可兼任审批人）", (Role.ADMIN, Role.LEAD)),
    ("lead", "传播负责人（审批声明）", (Role.LEAD,)),
    ("officer", "值班专员（接收预警）", (Role.OFFICER,)),
)


class Asker(Protocol):
    """Somebody who can be asked."""

    def text(self, question: str, default: str = "") -> str:
        """Return a line, or the default."""
        ...

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return yes or no."""
        ...

    def say(self, line: str) -> None:
        """Show a line."""
        ...


def split_words(text: str) -> list[str]:
    """Return the words of a line, whichever comma was typed."""
    return [word.strip() for word in _SEPARATORS.split(text) if word.strip()]


def read_product(text: str) -> Product:
    """Return the product of ``正式名称:叫法1,叫法2``; without a colon the name is its own term."""
    name, _, terms = text.replace("：", ":").partition(":")
    words = split_words(terms) or [name.strip()]
    try:
        return Product(name=name, terms=tuple(words))
    except ValidationError:
        raise ConfigError(f"产品 '{text}' 应写成 正式名称:叫法1,叫法2") from None


def read_person(text: str) -> Person:
    """Return the person of ``key:姓名:role+role:telegram_id``; the number may be left out."""
    parts = [part.strip() for part in text.replace("：", ":").split(":")]
    try:
        key, name, roles = parts[:3]
        number = int(parts[3]) if len(parts) > 3 and parts[3] else None
        chosen = tuple(Role(role.strip()) for role in roles.split("+"))
        return Person(key=key, name=name, roles=chosen, telegram_id=number)
    except (ValueError, ValidationError):
        known = "、".join(Role)
        raise ConfigError(
            f"人员 '{text}' 应写成 key:姓名:角色+角色:Telegram数字ID，"
            f"例如 lin:林岚:admin+lead；角色有 {known}"
        ) from None


class Wizard:
    """Walks through the questions, leaving out those already answered."""

    def __init__(
        self, asker: Asker, path: Path, answers: Answers, secrets: Secrets, *, known_chats: bool
    ) -> None:
        self._ask = asker
        self._path = path
        self._secrets = secrets
        self._looks_around = known_chats
        self.answers = answers

    def run(self) -> Answers:
        """Ask what is not answered yet; return everything."""
        self._once("general", self._general)
        self._once("brand", self._brand)
        self._once("products", self._products)
        self._once("links", self._links)
        self._once("chat", self._chat)
        self._once("people", self._people)
        return self.answers

    def _once(self, name: str, question: Callable[[], None]) -> None:
        if name in self.answers.answered:
            return
        question()
        self.answers.answered.append(name)
        save_answers(self._path, self.answers)

    def _valid(self, question: str, default: str, check: Callable[[str], object]) -> str:
        """Ask until the answer is accepted; say why it was not."""
        while True:
            answer = self._ask.text(question, default)
            try:
                check(answer)
            except (ListenerError, ValueError) as error:
                self._ask.say(f"  {_first_line(error)}")
            else:
                return answer

    def _general(self) -> None:
        def language(text: str) -> None:
            if text not in ("zh-CN", "zh-TW", "en"):
                raise ValueError("请输入 zh-CN、zh-TW 或 en")

        def zone(text: str) -> None:
            try:
                Config(timezone=text)
            except ValidationError:
                raise ValueError("没有这个时区；例如 Asia/Shanghai") from None

        chosen = self._valid("预警和声明用什么语言？（zh-CN / zh-TW / en）", "zh-CN", language)
        self.answers.language = Answers.model_validate({"language": chosen}).language
        self.answers.timezone = self._valid("时区？", "Asia/Shanghai", zone)

    def _brand(self) -> None:
        def some(text: str) -> None:
            if not text.strip():
                raise ValueError("品牌名不能为空")

        ask = self._ask
        name = self._valid("品牌叫什么？", "", some).strip()
        aliases = split_words(ask.text("还有哪些叫法？别名、英文名、常见错字，用逗号隔开（可空）"))
        excluded = split_words(
            ask.text("哪些词只是看着像？例如含品牌名的地名、人名，用逗号隔开（可空）")
        )
        context = []
        if len(name) <= 2 and not aliases:
            ask.say("  品牌名很短，容易撞上常用词；可以要求同时出现一个语境词，例如行业词。")
            context = split_words(ask.text("必须同时出现的语境词（可空；填多个则都要出现）"))
        contact = ask.text("对外联系方式？会写进声明，例如：客服热线 400-…（可空）").strip()
        self.answers.brand = BrandAnswers(
            name=name, aliases=aliases, excluded=excluded, context=context, contact=contact
        )

    def _products(self) -> None:
        self._ask.say("产品线：每行一个，写成 正式名称:叫法1,叫法2；直接回车结束。")
        products: list[Product] = []
        while True:
            text = self._ask.text(f"产品 {len(products) + 1}")
            if not text.strip():
                break
            try:
                products.append(read_product(text))
            except ConfigError as error:
                self._ask.say(f"  {error}")
        self.answers.brand.products = products

    def _links(self) -> None:
        self._ask.say(
            "在哪里听？粘贴任何链接，每行一个：订阅源、网站首页（会找它的订阅源）、"
            "App Store 应用页；直接回车结束。"
        )
        links: list[str] = []
        while link := self._ask.text(f"链接 {len(links) + 1}").strip():
            if link.startswith(("http://", "https://")):
                links.append(link)
            else:
                self._ask.say("  请粘贴以 http:// 或 https:// 开头的完整链接")
        self.answers.links = links

    def _chat(self) -> None:
        ask = self._ask
        if self._secrets.telegram_token is None:
            ask.say(
                "Telegram（可以以后再设）：向 @BotFather 申请机器人，"
                "把令牌存进一个只有您能读的文件，"
                "设置 FENGSHENG_TELEGRAM_TOKEN_FILE=该文件的路径，再运行一次 init。"
                "令牌不会写进任何配置。"
            )
        elif self._looks_around:
            self._show_chats()
        number = self._valid(
            "预警发到哪个群？群的数字 ID（没有就填 0）", str(self.answers.chat_id), int
        )
        self.answers.chat_id = int(number)
        if self.answers.chat_id and self._secrets.telegram_token is not None:
            self.answers.send_test = ask.confirm("向这个群发一条测试消息？", default=True)

    def _show_chats(self) -> None:
        base = self.answers.telegram_base_url
        settings = TelegramSettings.model_validate({"base_url": base} if base else {})
        try:
            seen = asyncio.run(look_around(settings, self._secrets))
        except ListenerError as error:
            self._ask.say(f"  没能问到 Telegram：{error}；可以先手填群 ID")
            return
        self._ask.say(f"  机器人 {seen.bot} 最近见过的群和人（看不到就先在群里 @它 说句话）：")
        for chat in seen.chats:
            self._ask.say(f"    {chat.id}  {chat.title}（{chat.kind}）")
        for person in seen.people:
            self._ask.say(f"    个人 ID {person.id}  {person.name}")
        groups = [chat.id for chat in seen.chats if chat.id < 0]
        if groups and not self.answers.chat_id:
            self.answers.chat_id = groups[-1]

    def _people(self) -> None:
        ask = self._ask
        people: list[Person] = []
        for key, title, roles in _PROPOSED:
            name = ask.text(f"{title}的姓名（{'必填' if not people else '可空'}）").strip()
            while not name and not people:
                name = ask.text("至少要有一位，请输入姓名").strip()
            if not name:
                continue
            number = self._valid(
                f"{name} 的 Telegram 数字 ID（没有就填 0）", "0", lambda text: abs(int(text))
            )
            people.append(
                Person(key=key, name=name, roles=roles, telegram_id=abs(int(number)) or None)
            )
        self.answers.people = people


def _first_line(error: Exception) -> str:
    text = str(error).splitlines()[0]
    return "请输入数字" if text.startswith("invalid literal") else text
