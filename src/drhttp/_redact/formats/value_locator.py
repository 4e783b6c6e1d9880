"""Value locator: finds where the value of a name ends in a text, such as `abc` in `password: abc`.

If there is doubt, the value is the longer one.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from drhttp._redact.formats import expressions
from drhttp._redact.formats.lines import end_of_block, line_start

if TYPE_CHECKING:
    from drhttp._redact.work_budget import Spend

#: A quote around a string, also as a character reference of HTML.
QUOTE = r"""(?:["'`]|&(?:quot|apos|\#0?3[49]|\#x2[27]);)"""
_STRING = re.compile(rf"([bBfFnNrRuU]{{0,2}})(\\{{0,8}})({QUOTE})(?P<triple>\2\3\2\3)?")
_SCHEME = re.compile(r"(?:basic|bearer|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256)[ \t]+", re.IGNORECASE)
# A word ends at a space, or at a separator that another name or nothing follows.
_WORD = re.compile(r"[^\s&;<>]*(?:[&;](?!(?:amp;)?[\w.$%\[\] -]{0,60}=|\s|\Z)[^\s&;<>]*)*")
_TRAILING = "\"'`),;]}."
_LINE = re.compile(r"[^\r\n]*")
_BREAK = re.compile(r"\r?\n|\r|\Z")
_HEADERS = re.compile(r"(?:cookie2?|authorization|authentication)\Z", re.IGNORECASE)
_EMPHASIS = re.compile(r"[*_~]{1,3}(?=\s|\Z)[^\S\r\n]*")  # of Markdown, behind a name and its sign
# What precedes a value: a type of PHP's `var_dump`, or the brackets of a binary in Erlang.
_TYPED = re.compile(
    r"""&?(?:(?:string\(\d{1,9}\)[ \t]|<<)(?=")"""
    r"""|(?:array\(\d{1,9}\)|object\([\w\\@]{1,80}\)#\d{1,9}[ \t]\(\d{1,9}\))[ \t](?=\{))"""
)
_TYPED_BEGINNINGS = ("&", "s", "<", "a", "o")
_EMPTY = re.compile(r"(?:[|>][+-]?\d?[+-]?)?[ \t]*(?:\r?\n|\Z)")  # YAML: a block follows
_SPACE = re.compile(r"\s*(?:/\*[^*]{0,100}\*/\s*)?")
_LABELS = re.compile(r"""[\s;&,]["']?[\w.$-]{1,60}["']?[ \t]*[=:]""")  # another name
# Lines that are not a value: a comment, the end of a section, another name.
_NO_VALUE = re.compile(
    r"""[ \t]*(?:#|//|[-=*_]{3}|[\[\]{}]"""
    r"""|(?:export |set |- )?["']?[\w.$-]{1,40}(?: [\w.$-]{1,40}){0,5}["']?[ \t]*[=:])"""
)
_ANNOTATION = re.compile(
    r"""[\w.\[\]|!?&* ]{1,60}=[ \t]*(?=[bBfFnNrRuU]{0,2}["'])"""
)  # the annotation of a type in Python and Rust
# A bracket; a whole string; or the quote of a string with escaped quotes or without an end.
_BRACKET = re.compile(
    rf"""[{{}}\[\]()]|"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'|(?<!\\)(\\*)({QUOTE})""", re.DOTALL
)
_GOES_ON = re.compile(r"[A-Za-z0-9$/+!@#%^*_~]")  # behind a bracket: `{SSHA}abc`, `(abc)def`
_ESCAPES = (0, 1, 3, 7)  # backslashes in front of a quote, at each level of strings in strings
_OPENING = ("{", "[", '"', "'")
_PEM = "-----BEGIN"


class _Word(NamedTuple):
    """Where a word begins and ends, as positions in the text.

    last: its end without trailing punctuation. call: its last opening bracket if that is not closed within the word, or
    -1. closing: where that call ends.
    """

    start: int
    end: int
    last: int
    call: int
    closing: int


_NO_WORD = _Word(0, 0, 0, -1, 0)


class ValueLocator:
    """Locates values in one text. It searches for each unclosed quote and for the end of each word only once.

    spend: called with the work done, as the values of many names may reach to the end of the text.
    """

    def __init__(self, text: str, spend: Spend) -> None:
        self._text = text
        self._spend = spend
        self._unclosed: set[re.Pattern[str]] = set()
        self._word = _NO_WORD

    @cached_property
    def _expressions(self) -> tuple[expressions.Heredocs, expressions.Scripts]:
        return expressions.Heredocs(self._text), expressions.Scripts(self._text)

    def after_name(self, match: re.Match[str], start: int) -> tuple[int, int]:
        """Return the span of the value behind a name.

        match: its groups are the name, the quote behind it, and the sign that assigns the value. start: where the name
        begins, perhaps with words in front of the match.
        """
        text, at, sign = self._text, match.end(), match[3]
        line = line_start(text, start)
        emphasis = _EMPHASIS.match(text, at)
        if emphasis and (
            text.endswith(emphasis[0].rstrip(), 0, start) or text.startswith(emphasis[0].rstrip(), start)
        ):  # `**password:** abc`
            at = emphasis.end()
        empty = _EMPTY.match(text, at)
        if match[2] and (line is None or not empty):
            at = _end(_SPACE, text, at)  # in programs and in JSON, the value may be on another line
        elif empty:
            at = empty.end()
            if line is None or text[at : at + 1] not in _OPENING:
                return self._below(at, None if line is None else start - line, sign)
        if text[at : at + 1] in _TYPED_BEGINNINGS:
            at = _end(_TYPED, text, at)
        found = self._of_expression(at, sign)
        if found:
            return found
        scheme = _SCHEME.match(text, at)
        if scheme:
            at = scheme.end()
        end = self._end(at, match, None if line is None else start - line)
        self._spend((end - at) // 256)
        return at, end

    def _of_expression(self, at: int, sign: str) -> tuple[int, int] | None:
        """Return the span of an expression in a program; `None` if there is none."""
        found = self._delimited_at(at)
        if found:
            return self._with_rest(at, *found, sign)
        heredocs, scripts = self._expressions
        return heredocs.lines_at(at) or scripts.expression_at(at, self)

    def _with_rest(self, at: int, begin: int, end: int, sign: str) -> tuple[int, int]:
        """Return the span of a value with what is joined with it: `"a" + "b"`, `() => "a"`."""
        text = self._text
        if text[at : at + 1] == "(":
            return begin, expressions.end_of_function(text, end, self)
        if text[at : at + 1] == "[":
            return expressions.masked_and_more(text, at) or (begin, end)
        string = self.string_at(at)
        if string is None or string[1] != end:
            return begin, end
        last = expressions.end_of_joined(text, string[2], self, spaced=" " in sign)
        if last == string[2]:
            return begin, end
        quote = text[string[1] : string[2]]
        return (begin, last - len(quote)) if text.endswith(quote, 0, last) else (at, last)

    def value_at(self, at: int) -> tuple[int, int]:
        """Return the span of a value that begins at a position: a string, something in brackets, or a word."""
        return self._delimited_at(at) or (at, self._end_of_word(at))

    def string_at(self, at: int) -> tuple[int, int, int] | None:
        """Return where the content of a string begins and ends, and where the string ends; `None` if there is no
        string.
        """
        text = self._text
        quote = _STRING.match(text, at)
        if quote is None:
            return None
        begin = quote.end()
        closing = self._closing(quote[2], quote[3], begin, triple=bool(quote["triple"]))
        if closing is None and quote["triple"]:  # an empty string, followed by another one
            begin = quote.start("triple")
            closing = self._closing(quote[2], quote[3], begin)
        if closing is None:
            return None if quote[1] else (begin, len(text), len(text))
        # A doubled quote is part of the string.
        while not (quote["triple"] or quote[2]) and closing[0] > begin and text.startswith(quote[3], closing[1]):
            closing = self._closing("", quote[3], closing[1] + len(quote[3])) or (len(text), len(text))
        return begin, *closing

    def end_of_brackets(self, at: int) -> int:
        """Return where a value in brackets ends; the end of the text if they are not closed."""
        end = self._closing_bracket(at)
        self._spend((end - at) // 64)
        return end

    def _closing_bracket(self, at: int) -> int:
        text, depth, tokens = self._text, 0, 0
        match = _BRACKET.search(text, at)
        while match:
            token, position = match[0], match.end()
            tokens += 1
            if not tokens % 8:
                self._spend(6)
            if token in "{[(":
                depth += 1
            elif token in "}])":
                depth -= 1
                if depth == 0:
                    return position
            elif token[0] in "\\&":
                # A quote without a closing one is an apostrophe.
                closing = self._closing(match[1], match[2], position)
                position = closing[1] if closing else position
            match = _BRACKET.search(text, position)
        return len(text)

    def end_of_quoted(self, escapes: str, quote: str, at: int) -> int:
        """Return where a string ends whose content begins at a position; the position itself if it is not closed."""
        closing = self._closing(escapes, quote, at)
        return closing[1] if closing else at

    def _delimited_at(self, at: int) -> tuple[int, int] | None:
        """Return the span of a string, of something in brackets, or of a PEM block; `None` if there is none of them."""
        text = self._text
        string = self.string_at(at)
        if string:
            begin, end, after = string
            if text[after : after + 1].isalnum():  # `password=""abc`, in a shell
                end = self._end_of_word(after)
            return begin, end
        if text[at : at + 1] in ("{", "[", "("):
            end = self.end_of_brackets(at)
            return at, self._end_of_word(end) if _GOES_ON.match(text, end) else end
        if text.startswith(_PEM, at):
            end = text.find("-----END", at)
            return at, len(text) if end < 0 else _end(_LINE, text, end)
        return None

    def _closing(self, escapes: str, quote: str, at: int, *, triple: bool = False) -> tuple[int, int] | None:
        """Return the span of the closing quote, with as many backslashes as the opening one; `None` without one."""
        if len(escapes) not in _ESCAPES:
            return None
        ending = _end_of_string(len(escapes), quote, triple=triple)
        if ending in self._unclosed:  # without an end here, there is none further on
            return None
        match = ending.search(self._text, at)
        if match is None:
            self._unclosed.add(ending)
            return None
        return match.span()

    def _end(self, at: int, match: re.Match[str], indent: int | None) -> int:
        """Return where a value ends that has no delimiters. indent: of the name, if it begins a line."""
        if indent is not None and match[3] != "=":
            return self._end_of_lines(at, indent)
        if _HEADERS.search(match[1]):
            return _end(_LINE, self._text, at)
        end = self._end_of_annotated(at) if ":" in match[3] else self._end_of_word(at)
        return end if indent is None else self._end_of_phrase(end)

    def _below(self, at: int, indent: int | None, sign: str) -> tuple[int, int]:
        """Return the span of the lines below a name that are indented deeper, or of one line without another name."""
        end = at if indent is None else end_of_block(self._text, at, indent, self._spend)
        if end == at and ":" in sign and _NO_VALUE.match(self._text, at) is None:
            end = _end(_LINE, self._text, at)
        return at, end

    def _end_of_lines(self, at: int, indent: int) -> int:
        """Return where a line ends, with its continuation lines."""
        end = _end(_LINE, self._text, at)
        below = _end(_BREAK, self._text, end)
        if self._text[below : below + 1] not in (" ", "\t"):
            return end
        block = end_of_block(self._text, below, indent, self._spend)
        return block if block > below else end

    def _end_of_annotated(self, at: int) -> int:
        """Return where a word ends, or the default of an annotated parameter: `password: str = "abc"`."""
        annotation = _ANNOTATION.match(self._text, at)
        string = self.string_at(annotation.end()) if annotation else None
        return string[1] if string else self._end_of_word(at)

    def _end_of_word(self, at: int) -> int:
        """Return where a word ends, without trailing punctuation. Every position in a word has the same end."""
        if not self._word.start <= at < self._word.end:
            self._word = self._word_at(at)
        word = self._word
        if word.call > at:
            return word.closing
        return word.last if word.last > at else word.end

    def _word_at(self, at: int) -> _Word:
        end = _end(_WORD, self._text, at)
        word = self._text[at:end]
        stripped = word.rstrip(_TRAILING)
        opening = stripped.rfind("(")
        if opening > 0 and word.find(")", opening) < 0:  # a call: `Secret('a b')`
            closing = self._text.find(")", end, end + 500)
            return _Word(at, end, at + len(stripped), at + opening, closing if closing > 0 else end)
        return _Word(at, end, at + len(stripped), -1, end)

    def _end_of_phrase(self, at: int) -> int:
        """Return where the line ends, unless it holds another name."""
        end = _end(_LINE, self._text, at)
        return at if _LABELS.search(self._text, at, end) else at + len(self._text[at:end].rstrip())


@lru_cache(maxsize=64)
def _end_of_string(escapes: int, quote: str, *, triple: bool) -> re.Pattern[str]:
    """Compile an expression for the end of a string.

    escapes: backslashes in front of its quotes. A quote with two more than twice as many is part of the string.
    """
    mark = rf"\\{{{escapes}}}{re.escape(quote)}"
    return re.compile(rf"(?<!\\)(?:\\{{{2 * escapes + 2}}})*{mark}" + (mark * 2 if triple else ""))


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return where a pattern's match at a position ends; the position itself if it does not match."""
    match = pattern.match(text, at)
    return match.end() if match else at
