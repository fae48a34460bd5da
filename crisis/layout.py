"""The parts of one statement: title, paragraphs, signature, as the template sets them apart.

A first line ``# …`` is the title; what follows a line ``--`` is the signature.
"""

from dataclasses import dataclass

TITLE_MARK = "# "
SIGNATURE_MARK = "--"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A statement in its parts; ``title`` and ``signature`` may be empty."""

    title: str
    paragraphs: tuple[str, ...]
    signature: str

    @property
    def body(self) -> str:
        """The paragraphs with a blank line between them."""
        return "\n\n".join(self.paragraphs)

    @property
    def whole(self) -> str:
        """Title, paragraphs and signature as one plain text."""
        return "\n\n".join(part for part in (self.title, self.body, self.signature) if part)


def read_layout(text: str) -> Layout:
    """Take a rendered text apart. Blank lines part paragraphs; single line breaks stay."""
    title = ""
    if text.startswith(TITLE_MARK):
        first, _, text = text.partition("\n")
        title = first.removeprefix(TITLE_MARK).strip()
    body, _, signature = f"{text}\n".partition(f"\n{SIGNATURE_MARK}\n")
    paragraphs = tuple(part.strip() for part in body.split("\n\n") if part.strip())
    lines = [line for line in signature.splitlines() if line.strip()]
    return Layout(title=title, paragraphs=paragraphs, signature="\n".join(lines))
