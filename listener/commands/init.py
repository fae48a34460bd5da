"""``fengsheng init``: the first own brand, asked for or taken from options and a file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from listener.clock import SystemClock
from listener.commands.common import ConfigOption, errors_shown, out, print_json, program
from listener.config import DEFAULT_NAME, load_secrets
from listener.errors import ConfigError
from listener.setup.answers import (
    Answers,
    answers_path,
    check_answers,
    read_answers,
    save_answers,
    saved_answers,
)
from listener.setup.steps import Setup, StepReport
from listener.setup.wizard import Wizard, read_person, read_product, split_words
from listener.setup.writing import configured_demo

_TITLES = {
    "links": "辨认链接",
    "config": "写入配置",
    "sources": "试采来源",
    "chat": "检查聊天群",
    "backfill": "首次采集与评分",
    "review": "看看听到了什么",
    "outlook": "基线与灵敏度",
    "missing": "还缺什么",
}


class TerminalAsker:
    """Asks on the terminal."""

    def text(self, question: str, default: str = "") -> str:
        """Return a line, or the default."""
        answer = typer.prompt(question, default=default, show_default=bool(default))
        return str(answer).strip()

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return yes or no."""
        return typer.confirm(question, default=default)

    def say(self, line: str) -> None:
        """Show a line."""
        out.print(line, markup=False)


def init(
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take options only.")] = False,
    answers: Annotated[
        Path | None, typer.Option(help="TOML file with the answers; asks nothing.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace config.toml; a .bak is kept.")
    ] = False,
    brand: Annotated[str, typer.Option(help="Name of the brand.")] = "",
    alias: Annotated[list[str] | None, typer.Option(help="Other names.")] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--not", help="Words that only look like it.")
    ] = None,
    context: Annotated[list[str] | None, typer.Option(help="Words it needs besides.")] = None,
    product: Annotated[list[str] | None, typer.Option(help="正式名称:叫法1,叫法2")] = None,
    link: Annotated[list[str] | None, typer.Option(help="Feed, page or app link.")] = None,
    person: Annotated[list[str] | None, typer.Option(help="key:姓名:role+role[:id]")] = None,
    chat_id: Annotated[int, typer.Option(help="Numeric id of the Telegram group.")] = 0,
    send_test: Annotated[bool, typer.Option(help="Say hello in that group.")] = False,
    timezone: Annotated[str, typer.Option(help="Zone of times and rhythm.")] = "",
    language: Annotated[str, typer.Option(help="zh-CN, zh-TW or en.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the steps as JSON; asks nothing.")
    ] = False,
) -> None:
    """Set up your own brand: ask, write config.toml, test, listen for the first time."""
    path = config or Path(DEFAULT_NAME)
    with errors_shown():
        given = read_answers(answers) if answers else saved_answers(path) or Answers()
        given = _with_options(
            given,
            brand=brand,
            aliases=alias,
            excluded=exclude,
            context=context,
            products=product,
            links=link,
            people=person,
            chat_id=chat_id,
            send_test=send_test,
            timezone=timezone,
            language=language,
        )
        is_asking = not (yes or answers or as_json)
        secrets = load_secrets()
        _may_write(path, is_asking=is_asking, overwrite=overwrite)
        if is_asking:
            if given.answered:
                out.print("接着上次的回答继续；要从头来过请删除 " + str(answers_path(path)))
            given = Wizard(TerminalAsker(), path, given, secrets, known_chats=True).run()
        check_answers(given)
        save_answers(path, given)
        setup = Setup(
            path=path,
            answers=given,
            secrets=secrets,
            clock=SystemClock(),
            program=program(),
            show=(lambda _: None) if as_json else _show,
        )
        is_written = setup.run()
        if as_json:
            print_json({"steps": [report.values() for report in setup.reports]})
    if not is_written:
        raise typer.Exit(1)


def _may_write(path: Path, *, is_asking: bool, overwrite: bool) -> None:
    """Make sure that replacing a file was asked for. Raises ``ConfigError`` if it was not."""
    if not path.exists() or overwrite:
        return
    what = "演示配置" if configured_demo(path) else "一份配置"
    if not is_asking:
        raise ConfigError(
            f"'{path}' 已是{what}；加 --overwrite 才会替换（原文件另存为 .bak），"
            "或用 --config 写到别处"
        )
    if not typer.confirm(f"{path} 已是{what}。替换它？（原文件另存为 .bak）", default=True):
        raise ConfigError("没有改动任何文件；可以用 --config 另写一份")


def _with_options(
    given: Answers,
    *,
    brand: str,
    aliases: list[str] | None,
    excluded: list[str] | None,
    context: list[str] | None,
    products: list[str] | None,
    links: list[str] | None,
    people: list[str] | None,
    chat_id: int,
    send_test: bool,
    timezone: str,
    language: str,
) -> Answers:
    """Return the answers with what the options say in their place."""

    def words(texts: list[str] | None) -> list[str]:
        return [word for text in texts or () for word in split_words(text)]

    named = {
        "name": brand,
        "aliases": words(aliases),
        "not": words(excluded),
        "context": words(context),
        "products": [read_product(text).model_dump() for text in products or ()],
    }
    values = given.model_dump(mode="json", by_alias=True)
    values["brand"] |= {name: value for name, value in named.items() if value}
    top = {
        "links": links,
        "people": [read_person(text).model_dump(mode="json") for text in people or ()],
        "chat_id": chat_id,
        "send_test": send_test,
        "timezone": timezone,
        "language": language,
    }
    values |= {name: value for name, value in top.items() if value}
    try:
        return Answers.model_validate(values)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _show(report: StepReport) -> None:
    mark = "✓" if report.is_ok else "!"
    out.print(f"{mark} {_TITLES[report.name]}（{report.seconds:.1f} 秒）", markup=False)
    for line in report.lines:
        out.print(f"    {line}", markup=False)
    sys.stdout.flush()
