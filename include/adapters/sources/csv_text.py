"""The text of a CSV file on its way to the parser: decoded, and checked for what a parser lets pass.

A quote that is opened and not closed would swallow the rows up to the next one without a word. So every
quote must open a field, close it, or stand twice within it; anything else is an error.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from include.errors import SourceError
from include.specs.file_source import CsvOptions

BLOCK_BYTES = 1 << 21
"""Text handed to the parser at a time. It cuts text itself, but reads many blocks ahead."""
LONGEST_ROW_BYTES = 1 << 24

_CHUNK_BYTES = 1 << 20
_LONGEST_HEADER = 1 << 20
_NEWLINE = re.compile(rb"\r\n|\n|\r")
_ENDS = b"\r\n"


class CsvText:
    """A CSV file as UTF-8, in blocks of whole rows; `where` names it in errors."""

    def __init__(self, raw: BinaryIO, options: CsvOptions, where: str) -> None:
        self.where = where
        self._raw, self._options = raw, options
        self._decoder = codecs.getincrementaldecoder(options.encoding)()
        self._quotes = None if options.quote == "none" else _Quotes(options)
        self._ready = bytearray()
        self._line = 1
        self._started, self._ended = False, False

    def take_header(self) -> list[str]:
        """Take the first line that is not blank off the text, and return its fields.

        Raises
        ------
        SourceError
            Where there is none, or it is no line of CSV.
        """
        while not (line := self._take_line()):
            if self._ended and not self._ready:
                raise self._error(
                    "the file is empty: there is not even a header",
                    "have it written again; a day without rows is a header alone, or no file",
                )
        try:
            return next(csv.reader([line], self._dialect(), strict=True))
        except csv.Error as error:
            raise self._error(f"the header is no line of CSV: {error}", "mend the header") from None

    def blocks(self) -> Iterator[bytes]:
        """Yield the rest of the text in blocks of whole rows, each about `BLOCK_BYTES` long.

        Raises
        ------
        SourceError
            Where the bytes are not text in the encoding, the quotes do not pair up, or a row is too long.
        """
        while self._ready or not self._ended:
            while len(self._ready) < BLOCK_BYTES and not self._ended:
                self._fill()
            while not (end := self._rows_end()) and not self._ended:
                if len(self._ready) > LONGEST_ROW_BYTES:
                    raise self._error(
                        f"a row is longer than {LONGEST_ROW_BYTES:,} bytes, near line {self._line}",
                        "check csv.delimiter and csv.quote in the spec, and whether this is the right file",
                    )
                self._fill()
            block = bytes(self._ready[:end])
            del self._ready[:end]
            if block.strip(_ENDS):
                yield block

    def _rows_end(self) -> int:
        """Return where the last whole row ends, 0 where none is whole yet."""
        if self._ended:
            return len(self._ready)
        text = np.frombuffer(bytes(self._ready), dtype=np.uint8)
        ends = np.flatnonzero((text == ord("\n")) | (text == ord("\r")))
        if self._quotes is not None:
            quotes = np.flatnonzero(text == ord(self._options.quote))
            ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
        return int(ends[-1]) + 1 if len(ends) else 0

    def _dialect(self) -> type[csv.Dialect]:
        class Dialect(csv.excel):
            delimiter = self._options.delimiter
            quotechar = None if self._quotes is None else self._options.quote
            quoting = csv.QUOTE_NONE if self._quotes is None else csv.QUOTE_MINIMAL

        return Dialect

    def _take_line(self) -> str:
        while (found := self._line_end()) is None:
            if len(self._ready) > _LONGEST_HEADER:
                raise self._error(
                    "the header has no end within a megabyte", "check delimiter, quote and encoding"
                )
            self._fill()
        end, after = found
        line = bytes(self._ready[:end])
        del self._ready[:after]
        return line.decode()

    def _line_end(self) -> tuple[int, int] | None:
        """Return where the first line ends and the next one begins, None where that is not known yet."""
        quote = self._options.quote.encode()
        ready = bytes(self._ready)
        for end in _NEWLINE.finditer(ready):
            if self._quotes is None or ready.count(quote, 0, end.start()) % 2 == 0:
                return end.span()
        return (len(ready), len(ready)) if self._ended else None

    def _fill(self) -> None:
        raw = self._raw.read(_CHUNK_BYTES)
        data = self._decode(raw)
        if b"\0" in data:
            raise self._error_at(
                data.index(b"\0"), data, "a NUL byte stands in the text",
                "the file was padded or is in another encoding: have it written again, or set csv.encoding",
            )  # fmt: skip
        if (
            self._quotes is not None
            and (position := self._quotes.first_stray(data, final=not raw)) is not None
        ):
            raise self._error_at(
                position, data, f"a quote {self._options.quote} neither opens nor closes a field",
                "have fields that hold a quote put in quotes and their quotes doubled; where quotes are"
                " ordinary characters, set csv.quote to none",
            )  # fmt: skip
        self._line += data.count(b"\n")
        self._ready += data
        self._ended = not raw

    def _decode(self, raw: bytes) -> bytes:
        try:
            text = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(self._options.encoding, "ignore").count("\n")
            shown = " ".join(f"{byte:#04x}" for byte in error.object[error.start : error.end][:4])
            raise self._error(
                f"byte {shown} on line {self._line + before} is not {self._options.encoding}",
                "set csv.encoding to the file's encoding, such as cp1252; if only some lines are in another,"
                " have the file written again in UTF-8",
            ) from None
        if text and not self._started:
            self._started, text = True, text.removeprefix("\ufeff")
        try:
            return text.encode()
        except UnicodeEncodeError as error:
            raise self._error(
                f"{error.reason} near line {self._line}", "have the file written in UTF-8"
            ) from None

    def _error_at(self, position: int, data: bytes, what: str, next_step: str) -> SourceError:
        line = self._line + data.count(b"\n", 0, max(position, 0))
        return self._error(f"{what}, on line {line}", next_step)

    def _error(self, what: str, next_step: str) -> SourceError:
        return SourceError(what, where=self.where, next_step=next_step)


class _Quotes:
    """Follows the quotes of a text from chunk to chunk."""

    def __init__(self, options: CsvOptions) -> None:
        self._quote = ord(options.quote)
        self._around = np.zeros(256, dtype=bool)
        self._around[[self._quote, ord(options.delimiter), *_ENDS]] = True
        self._open = False
        self._last = ord("\n")  # the text's beginning is a line's beginning

    def first_stray(self, data: bytes, *, final: bool) -> int | None:
        """Return the position of the first quote that does not pair up, None where all do.

        A closing quote at a chunk's end is judged by the next chunk's first byte: position -1.
        """
        if final:
            return -1 if self._open else None
        if not data:
            return None
        text = np.frombuffer(data, dtype=np.uint8)
        if self._last == self._quote and not self._open and not self._around[text[0]]:
            return -1
        strays = self._strays(text)
        self._last = int(text[-1])
        return strays

    def _strays(self, text: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> int | None:
        found = np.flatnonzero(text == self._quote)
        if not len(found):
            return None
        opening, closing = (found[1::2], found[::2]) if self._open else (found[::2], found[1::2])
        before = np.where(opening > 0, text[opening - 1], self._last)
        inner = closing[closing + 1 < len(text)]
        bad = np.concatenate([opening[~self._around[before]], inner[~self._around[text[inner + 1]]]])
        self._open ^= bool(len(found) % 2)
        return int(bad.min()) if len(bad) else None
