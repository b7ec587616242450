"""Colours for code in answers. Whatever the highlighter does, the code itself stays as it came."""

from __future__ import annotations

from textual.content import Content

from clawtui.tui.widgets.markdown_blocks import Code

# Pygments colours about 500 characters in a millisecond.
LONG = 6_000
TOO_LONG = 400_000


def is_worth_a_thread(code: Code) -> bool:
    return LONG < len(code.text) <= TOO_LONG and bool(code.language)


def coloured(code: Code, *, is_ansi: bool, is_dark: bool) -> Content:
    """Plain where the language is not known: guessing it costs more than it gives, and guesses wrong."""
    plain = Content(code.text)
    if not code.language or len(code.text) > TOO_LONG:
        return plain
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound
    from textual.highlight import ANSIDarkHighlightTheme, ANSILightHighlightTheme, HighlightTheme, highlight

    try:
        get_lexer_by_name(code.language)
    except ClassNotFound:
        return plain
    theme = (ANSIDarkHighlightTheme if is_dark else ANSILightHighlightTheme) if is_ansi else HighlightTheme
    content = highlight(code.text, language=code.language, theme=theme)
    return content if content.plain == code.text else plain
