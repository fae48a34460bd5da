"""Writes the refused rows of an import to a CSV file that a spreadsheet opens safely."""

import csv
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from listener.errors import ConfigError
from listener.imports.tables import BadRow

HEADER = ("行号", "第几条", "列", "值", "原因")
# A cell that begins so would be run as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class RejectsFile:
    """Collects refused rows beside the target and puts the file in place at the end, if any."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f"{path.name}.part")
        try:
            self._file = self._part.open("w", encoding="utf-8-sig", newline="")
        except OSError as error:
            raise ConfigError(
                f"无法写入 '{path}'（{error.strerror}）；请用 --rejected 指定一个可写的位置"
            ) from None
        self._writer = csv.writer(self._file)
        self._writer.writerow(HEADER)
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def add(self, row: BadRow) -> None:
        """Note one refused row."""
        self.count += 1
        value = f"'{row.value}" if row.value.startswith(_FORMULA_STARTS) else row.value
        self._writer.writerow((row.line, row.number, row.column, value, row.reason))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if kind is None and self.count:
            os.replace(self._part, self.path)  # noqa: PTH105 - one atomic step
        else:
            self._part.unlink(missing_ok=True)
