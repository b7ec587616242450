"""Graders that read the words of an answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from clawtui.evals.graders.wording import comparable, said
from clawtui.evals.results import Answer

Result = tuple[bool, str]
Arguments = Mapping[str, Any]
# Ideographs and kana.
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]")


def equals(arguments: Arguments, answer: Answer) -> Result:
    wanted, found = arguments["value"], comparable(answer.text, arguments)
    if found == comparable(wanted, arguments):
        return True, f"it is {said(wanted)}"
    return False, f"it is {said(answer.text)}, not {said(wanted)}"


def contains(arguments: Arguments, answer: Answer) -> Result:
    wanted = arguments["value"]
    if _holds(answer, wanted, arguments):
        return True, f"it contains {said(wanted)}"
    return False, f"it does not contain {said(wanted)}: {said(answer.text)}"


def contains_any(arguments: Arguments, answer: Answer) -> Result:
    for wanted in arguments["value"]:
        if _holds(answer, wanted, arguments):
            return True, f"it contains {said(wanted)}"
    return False, f"it contains none of {', '.join(map(said, arguments['value']))}: {said(answer.text)}"


def contains_all(arguments: Arguments, answer: Answer) -> Result:
    missing = [wanted for wanted in arguments["value"] if not _holds(answer, wanted, arguments)]
    if missing:
        return False, f"it does not contain {', '.join(map(said, missing))}: {said(answer.text)}"
    return True, f"it contains all of {', '.join(map(said, arguments['value']))}"


def _holds(answer: Answer, wanted: str, arguments: Arguments) -> bool:
    """As a whole word, where `word` is set: ALREADY holds no READY."""
    text, wanted = comparable(answer.text, arguments), comparable(wanted, arguments)
    if not arguments.get("word"):
        return wanted in text
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text) is not None


def regex(arguments: Arguments, answer: Answer) -> Result:
    """As Python has it: `^` and `$` are the ends of the answer, not of its lines."""
    flags = re.IGNORECASE if arguments.get("ignore_case") else 0
    text = comparable(answer.text, {"whitespace": arguments.get("whitespace", "trim")})
    found = re.search(unicodedata.normalize("NFC", arguments["value"]), text, flags)
    if found is not None:
        return True, f"the pattern matches {said(found.group())}"
    return False, f"the pattern {said(arguments['value'])} matches nothing in {said(answer.text)}"


def max_words(arguments: Arguments, answer: Answer) -> Result:
    """Chinese and Japanese have no blanks between words: each of their characters counts as one."""
    characters, rest = _CJK.findall(answer.text), _CJK.sub(" ", answer.text)
    count = len(characters) + len(rest.split())
    return count <= arguments["value"], f"it has {count} words, at most {arguments['value']} are wanted"
