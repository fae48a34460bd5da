"""Asks a language service that the user runs or rents to rephrase a locked draft. Off by default.

Speaks the widespread ``/chat/completions`` protocol. All that leaves is the draft with marks in
place of its facts, and fixed instructions; collected text never does.
"""

from dataclasses import dataclass
from enum import StrEnum

import httpx

from listener.config import WritingHelp
from listener.errors import ConfigError, ListenerError

MOST_BYTES = 200_000
_INSTRUCTIONS = {
    "zh-CN": (
        "你是企业公关的文字编辑。改写下面的声明，意思不变，不增不减。⟦F1⟧ 这样的记号是锁定的事实："
        "每个记号原样保留且只出现一次，顺序可以调整。不得写出任何数字、外文、姓名、原因或承诺。"
        "保留分段。只输出改写后的声明，不要解释。"
    ),
    "zh-TW": (
        "你是企業公關的文字編輯，用台灣慣用的詞語。改寫下面的聲明，意思不變，不增不減。"
        "⟦F1⟧ 這樣的記號是鎖定的事實：每個記號原樣保留且只出現一次，順序可以調整。"
        "不得寫出任何數字、外文、姓名、原因或承諾。保留分段。只輸出改寫後的聲明，不要解釋。"
    ),
    "en": (
        "You edit corporate statements. Rephrase the statement below without changing, adding or "
        "leaving out anything it says. Marks such as ⟦F1⟧ are locked facts: keep each exactly as "
        "it is, exactly once; their order may change. Write no figures, names, causes or promises "
        "of your own. Keep the paragraphs. Answer with the rephrased statement and nothing else."
    ),
}


class Tone(StrEnum):
    """How the draft should read."""

    PLAIN = "plain"
    WARMER = "warmer"
    SHORTER = "shorter"


_TONES = {
    Tone.PLAIN: {"zh-CN": "语气：平实清楚。", "zh-TW": "語氣：平實清楚。", "en": "Tone: plain."},
    Tone.WARMER: {
        "zh-CN": "语气：更诚恳、更有人情味，不煽情。",
        "zh-TW": "語氣：更誠懇、更有溫度，不煽情。",
        "en": "Tone: warmer and more human, never sentimental.",
    },
    Tone.SHORTER: {
        "zh-CN": "语气：更简洁，但不删内容。",
        "zh-TW": "語氣：更簡潔，但不刪內容。",
        "en": "Tone: more concise, without leaving anything out.",
    },
}


class HelpFailed(ListenerError):
    """The service gave no usable answer; the message says why and that the draft is unchanged."""


@dataclass(frozen=True, slots=True)
class WritingService:
    """One configured service; ``key`` goes into the header of its requests and nowhere else."""

    settings: WritingHelp
    key: str | None = None

    def rephrase(self, locked: str, *, lang: str, tone: Tone) -> str:
        """Return the service's answer. Raises ``HelpFailed``; ``ConfigError`` when none is set."""
        if not self.settings.endpoint:
            raise ConfigError(
                "writing help is off; name a service in [writing_help] endpoint and model"
            )
        request = {
            "model": self.settings.model,
            "messages": [
                {"role": "system", "content": f"{_INSTRUCTIONS[lang]}{_TONES[tone][lang]}"},
                {"role": "user", "content": locked},
            ],
            "temperature": 0.3,
            "stream": False,
        }
        return _content_of(self._ask(request))

    def _ask(self, request: dict[str, object]) -> object:
        address = f"{self.settings.endpoint.rstrip('/')}/chat/completions"
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            with (
                httpx.Client(
                    timeout=self.settings.timeout_s, trust_env=False, follow_redirects=False
                ) as client,
                client.stream("POST", address, json=request, headers=headers) as response,
            ):
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > MOST_BYTES:
                        raise HelpFailed(_unchanged("its answer is too long"))
                if response.status_code != httpx.codes.OK:
                    raise HelpFailed(_unchanged(f"it answered HTTP {response.status_code}"))
                return httpx.Response(200, content=bytes(body)).json()
        except httpx.TimeoutException:
            reason = f"no answer within {self.settings.timeout_s:g} s"
            raise HelpFailed(_unchanged(reason)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HelpFailed(
                _unchanged(f"it cannot be reached ({type(error).__name__})")
            ) from None
        except ValueError:
            raise HelpFailed(_unchanged("its answer is no JSON")) from None


def _content_of(answer: object) -> str:
    try:
        content = answer["choices"][0]["message"]["content"]  # type: ignore[index]  # checked below
    except (KeyError, IndexError, TypeError):
        content = None
    if not isinstance(content, str) or not content.strip():
        raise HelpFailed(_unchanged("its answer holds no text"))
    return content


def _unchanged(reason: str) -> str:
    return f"the writing service gave no usable answer: {reason}; the draft is unchanged"
