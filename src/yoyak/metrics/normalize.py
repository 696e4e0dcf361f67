"""How a summary is normalized before it is counted or checked; the rules stand in every signature."""

from __future__ import annotations

import re
import unicodedata

from yoyak.text import tags

#: The rules by name, for the signature.
RULES = "nfc,strip,josa-gap"

_JOSA = "은|는|이|가|을|를|과|와|의|도|만|에게|에게서|에서|에|로|으로|한테|께|이랑|랑|이나|나|부터|까지|보다|처럼"
_GAP = re.compile("(" + re.sub(r"\?P<\w+>", "?:", tags.PATTERN.pattern) + rf")[ \t]+(?=(?:{_JOSA})(?:[\s.,]|$))")


def normalized(text: str) -> str:
    """The text in NFC, without blanks at its ends and without the blank that some tokenizers put between a tag and its josa.

    Example:
        >>> normalized(" #Person1# 은 #Person2# 에게 말한다. ")
        '#Person1#은 #Person2#에게 말한다.'
    """
    return _GAP.sub(r"\1", unicodedata.normalize("NFC", text).strip())
