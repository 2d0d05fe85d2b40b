"""What somebody wrote in a mail themselves: without what they quote, and without their signature.

People answer above, below and between what they quote. What only looks like a quote is better lost than somebody's
words of another conversation shown to new readers.
"""

import re

MOST_LINES = 5_000

_ORIGINAL = re.compile(r"^\s*[-_]{3,}\s*[^-_]{0,60}[-_]{3,}\s*$|^_{20,}\s*$")
"""``-----Original Message-----`` in any language, and the line that Outlook draws."""
_FROM = re.compile(r"^[\s*]*(From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä)[\s*]*:\s*\S", re.IGNORECASE)
_SENT = re.compile(
    r"^[\s*]*(Sent|Date|Gesendet|Datum|Envoyé|Enviado|Fecha|Inviato|Data|Verzonden|Skickat|Sendt|Wysłano)[\s*]*:\s*\S",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"^\s*(Sent (from|via|with) |Get Outlook for |Von meinem .{1,60} gesendet|Gesendet (von|mit) |"
    r"Diese Nachricht wurde von |Envoyé (de|depuis) |Enviado desde |Inviato da |Verzonden (vanaf|met) ).{0,80}$",
    re.IGNORECASE,
)
_SAYS_WHEN = re.compile(r"@|\d{4}|\d{1,2}[:.]\d{2}")


def own_words(text: str) -> str:
    """The words of who wrote a mail; empty where there are none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:MOST_LINES]
    lines = _before_original(lines)
    lines = _without_quotes(lines)
    lines = _without_signature(lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _before_original(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        head = lines[number + 1 : number + 5]
        if _ORIGINAL.match(line) and any(_FROM.match(other) for other in head):
            return lines[:number]
        if _FROM.match(line) and any(_SENT.match(other) for other in head):
            return lines[:number]
    return lines


def _without_quotes(lines: list[str]) -> list[str]:
    """Without quoted lines, and without the words that say whom the first of them quote (``On Monday … wrote:``)."""
    kept: list[str] = []
    for line in lines:
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
            continue
        end = len(kept)
        while end and not kept[end - 1]:
            end -= 1
        begin = end
        while begin and kept[begin - 1] and end - begin < 4:
            begin -= 1
        introduces = end > begin and kept[end - 1].endswith(":")
        if introduces:
            # It may be broken over several lines, after a paragraph without a blank line between.
            while begin < end - 1 and not _SAYS_WHEN.search(kept[begin]):
                begin += 1
        if introduces and _SAYS_WHEN.search(" ".join(kept[begin:end])):
            del kept[begin:]
    return kept


def _without_signature(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if line in {"--", "-- "}:
            lines = lines[:number]
            break
    while lines and (not lines[-1].strip() or _PHONE.match(lines[-1])):
        lines = lines[:-1]
    return lines
